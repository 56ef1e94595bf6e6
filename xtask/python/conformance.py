"""Holds the built server against others' programs: schemathesis over its OpenAPI document, and
scim2-tester over its SCIM.

Usage: conformance.py SERVER
"""

import json
import os
import subprocess
import sys
import tempfile
import urllib.request
from pathlib import Path

from served import credentials, served

HERE = Path(__file__).resolve().parent
PROGRAMS = Path(sys.executable).parent


def main():
    problems = []
    # What the programs leave behind is left there.
    with served(Path(sys.argv[1]).resolve()) as server, tempfile.TemporaryDirectory() as folder:
        environment = {
            **os.environ,
            **credentials(server),
            "ROLLCALL_HOOKS": str(HERE / "hooks.py"),
            "ROLLCALL_REPORT": f"{folder}/report.json",
        }

        def runs(command):
            return subprocess.run(command, cwd=folder, env=environment).returncode == 0

        if not runs([sys.executable, HERE / "provisioning.py", server.url]):
            problems.append("scim2-tester found something in SCIM")
        if not runs(schemathesis(server.url)):
            problems.append("schemathesis found something in the APIs")
        report = Path(environment["ROLLCALL_REPORT"])
        if server.process.poll() is not None:
            problems.append("the server ended by itself:\n" + "".join(server.log[-20:]))
        elif not report.exists():
            problems.append("schemathesis did not come to its end")
        else:
            problems += missing(server.url, json.loads(report.read_text()))
    if problems:
        sys.exit("conformance:\n- " + "\n- ".join(problems))


def schemathesis(url):
    settings = ["--config-file", HERE / "schemathesis.toml"]
    return [PROGRAMS / "schemathesis", *settings, "run", f"{url}/openapi.json", "--no-color"]


def missing(url, report):
    """What schemathesis should have reached and did not: then it has nothing to find there either."""
    with urllib.request.urlopen(f"{url}/openapi.json", timeout=30) as answer:
        paths = json.load(answer)["paths"]
    operations = [operation for path in paths.values() for operation in path.values()]
    for name in (operation["operationId"] for operation in operations):
        # It reads the document itself before it asks anything, and not again.
        if name not in report["successes"] and name != "openapi":
            yield f"schemathesis never got an answer of success from {name}"
    for way in report["ways not taken"]:
        yield f"schemathesis never got an answer of success with {way}"
    for excuse in report["excuses not needed"]:
        # Chance decides what it asks, so this is no failure; but if it stays so, take it out.
        print(f"schemathesis: this time nothing had to be excused by {excuse}")


if __name__ == "__main__":
    main()
