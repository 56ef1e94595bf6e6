"""The built server on a directory of its own, with the published examples' people in it."""

import base64
import json
import os
import subprocess
import tempfile
import threading
import time
import urllib.parse
import urllib.request
from contextlib import contextmanager

# Whom the server makes for its demo: the examples of the OpenAPI document are about them.
CLIENT = "aa7cf840-9ca9-46a3-9778-9015d6580d50"
INSTANCE = "myinstance1"
# A client of its own, in which nothing is but what is provisioned.
PROVISIONED = "bb7cf840-9ca9-46a3-9778-9015d6580d50"
EVERYTHING = (
    "users:read,users:write,users:enroll,departments:write,activity:write,gateway:read,scim,admin"
)
# More requests than are made here: a limit would hide whatever comes after it.
UNLIMITED = "--limit api=1000000 --limit gateway-list=1000000 --limit gateway-get=1000000"

ENVIRONMENT = {"PATH": os.environ["PATH"], "ROLLCALL_DATABASE": "sqlite:rollcall.db"}


class Served:
    """A running server, and how to ask it."""

    def __init__(self, binary, folder):
        self.binary = binary
        self.folder = folder
        self.log = []
        # It ends with this process, however that one ends.
        supervised = ["setpriv", "--pdeathsig", "KILL", binary]
        self.process = subprocess.Popen(
            [*supervised, "serve", "--listen", "127.0.0.1:0", "--demo"],
            cwd=folder,
            env=ENVIRONMENT,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
        )
        # The first line is written when it listens, and says where.
        first = self.process.stderr.readline()
        try:
            self.url = "http://" + json.loads(first)["address"]
        except (ValueError, KeyError):
            self.end()
            raise SystemExit(f"the server did not start: {first}") from None
        # The rest must be read, or it would wait for room in the pipe.
        threading.Thread(target=self.log.extend, args=[self.process.stderr], daemon=True).start()

    def end(self):
        self.process.kill()
        self.process.wait()

    def run(self, line):
        """The object that a command of the command line prints, beside the running server."""
        done = subprocess.run(
            [self.binary, *line.split(), "--json"],
            cwd=self.folder,
            env=ENVIRONMENT,
            check=True,
            stdout=subprocess.PIPE,
            text=True,
        )
        return json.loads(done.stdout)

    def post(self, path, authorization, body, media_type="application/json"):
        """The object that the server answers with when something is posted."""
        request = urllib.request.Request(self.url + path, body.encode(), method="POST")
        request.add_header("Authorization", authorization)
        request.add_header("Content-Type", media_type)
        with urllib.request.urlopen(request, timeout=30) as answer:
            return json.load(answer)

    def get(self, path, authorization):
        """The object that the server answers with when it is asked for something."""
        request = urllib.request.Request(self.url + path)
        request.add_header("Authorization", authorization)
        with urllib.request.urlopen(request, timeout=30) as answer:
            return json.load(answer)


@contextmanager
def served(binary):
    """A server that is there as long as it is used."""
    with tempfile.TemporaryDirectory(prefix="rollcall-conformance-") as folder:
        server = Served(binary, folder)
        try:
            yield server
        finally:
            server.end()


def credentials(server):
    """Makes a second client, some to delete, and credentials; returns all that as the environment
    that the programs are told of it by."""
    server.run(f"client create --name Provisioned --id {PROVISIONED}")
    token = server.run(f"token create --all-clients --scope {EVERYTHING} {UNLIMITED}")["token"]
    machine = server.run(
        f"oauth-client create --client {CLIENT} --scope scim,gateway:read {UNLIMITED}"
    )
    spare = spares(server, f"Bearer {token}")
    return {
        "ROLLCALL_CLIENT": CLIENT,
        "ROLLCALL_PROVISIONED": PROVISIONED,
        "ROLLCALL_INSTANCE": INSTANCE,
        **spare,
        "ROLLCALL_TOKEN": token,
        "ROLLCALL_OAUTH_ID": machine["id"],
        "ROLLCALL_OAUTH_SECRET": machine["client_secret"],
        "ROLLCALL_ISSUED_TOKEN": issued(server, machine),
        "ROLLCALL_JWT": signed(server),
    }


def spares(server, bearer):
    """Makes users and departments that nothing else is done with than that they are deleted, and says
    by which change the last of the users was made: it is taken back."""
    users, departments = f"/v2/clients/{CLIENT}/users", f"/v2/clients/{CLIENT}/departments"
    made = {}
    for name in ("ONE", "OTHER", "UNDONE"):
        user = json.dumps({"username": f"spare {name}", "user_key": f"spare {name}"})
        department = json.dumps({"name": f"Spare {name}"})
        made[f"ROLLCALL_{name}_USER"] = server.post(users, bearer, user)["id"]
        made[f"ROLLCALL_{name}_DEPARTMENT"] = server.post(departments, bearer, department)["id"]
    # An import to look at.
    imports = f"/v2/clients/{CLIENT}/imports"
    made["ROLLCALL_IMPORT"] = server.post(imports, bearer, "username\nspare\n", "text/csv")["id"]
    timeline = f"/v2/clients/{CLIENT}/changes?entity=user&entity_id={made['ROLLCALL_UNDONE_USER']}"
    made["ROLLCALL_CHANGE"] = str(server.get(timeline, bearer)["data"][0]["number"])
    return made


def issued(server, machine):
    """A token that an OAuth client gets for its secret."""
    pair = f"{machine['id']}:{machine['client_secret']}"
    basic = "Basic " + base64.b64encode(pair.encode()).decode()
    form = urllib.parse.urlencode({"grant_type": "client_credentials"})
    media_type = "application/x-www-form-urlencoded"
    return server.post("/oauth2/token", basic, form, media_type)["access_token"]


def signed(server):
    """A JSON Web Token for the instance, of a key that the instance knows."""
    audience = f"{server.url}/{INSTANCE}"
    private, public = f"{server.folder}/private.pem", f"{server.folder}/public.pem"
    openssl("genpkey", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048", "-out", private)
    openssl("pkey", "-in", private, "-pubout", "-out", public)
    server.run(f"instance key add {INSTANCE} --audience {audience} public.pem")
    now = int(time.time())
    claims = {"iss": "moveworks", "aud": audience, "iat": now, "exp": now + 3600}
    parts = [json.dumps(part).encode() for part in ({"alg": "RS256", "typ": "JWT"}, claims)]
    text = ".".join(in_base64(part) for part in parts)
    return text + "." + in_base64(openssl("dgst", "-sha256", "-sign", private, input=text.encode()))


def in_base64(part):
    """As JSON Web Tokens are written (RFC 7515 2)."""
    return base64.urlsafe_b64encode(part).rstrip(b"=").decode()


def openssl(*arguments, **options):
    command = ["openssl", *arguments]
    return subprocess.run(command, check=True, capture_output=True, **options).stdout
