// A real OpenID provider for the console's tests: oidc-provider, with two people and a form of its own to
// sign in with. Prints its issuer; what is typed on standard input is the redirect address of its client.
import { createServer } from "node:http";
import { createInterface } from "node:readline";
import Provider from "oidc-provider";

const PEOPLE = {
  ada: { name: "Ada Lovelace", email: "ada@example.com", groups: ["Directory admins", "Mathematics"] },
  eve: { name: "Eve", email: "eve@example.com", groups: ["Guests"] },
};

const server = createServer();
server.listen(0, "127.0.0.1", () => {
  const issuer = `http://127.0.0.1:${server.address().port}`;
  console.log(issuer);
  createInterface({ input: process.stdin }).once("line", (redirect) => {
    const provider = new Provider(issuer, {
      clients: [{ client_id: "rollcall", client_secret: "a-secret-of-the-test", redirect_uris: [redirect] }],
      // Groups are told by the userinfo endpoint alone, as by many providers.
      claims: { openid: ["sub"], profile: ["name", "groups"], email: ["email"] },
      findAccount: (_context, id) => PEOPLE[id] && { accountId: id, claims: () => ({ sub: id, ...PEOPLE[id] }) },
      pkce: { required: () => true },
      cookies: { keys: ["of the test"] },
    });
    server.on("request", provider.callback());
    console.log("ready");
  });
});
// It ends with whoever started it.
process.stdin.on("end", () => process.exit());
