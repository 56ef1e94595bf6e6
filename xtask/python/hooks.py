"""What schemathesis is told of this server: who asks where, and which of its findings are none.

At its end it writes down what was answered with success and which excuses were not needed, for
`conformance.py` to judge.
"""

import atexit
import itertools
import json
import os
from pathlib import Path

import schemathesis

# What is excused, and why: the operations, the check, a part of the answer.
EXCUSED = [
    (
        "Only the server makes cursors, so that a made-up one opens nothing.",
        {"listUsers", "listDepartments", "listClients", "listChanges"},
        "positive_data_acceptance",
        '"code":"invalid_cursor"',
    ),
    (
        "As above: the gateway's word for it.",
        {"gatewayListUsers"},
        "positive_data_acceptance",
        "pageToken must be a token of this list and filter",
    ),
    (
        "A filter has a grammar, which a JSON schema cannot say.",
        {"gatewayListUsers"},
        "positive_data_acceptance",
        '"message":"filter: ',
    ),
    (
        "As above, and the paths of attributes have one too.",
        {
            "scimListUsers",
            "scimListGroups",
            "scimSearch",
            "scimSearchUsers",
            "scimSearchGroups",
        },
        "positive_data_acceptance",
        '"scimType":"invalid',
    ),
    (
        "`ids` stands alone, which parameters of OpenAPI cannot say of each other.",
        {"listUsers"},
        "positive_data_acceptance",
        "cannot be combined with ids",
    ),
    (
        "A period begins before it ends and is no longer than days are kept: parameters of OpenAPI"
        " cannot say that of each other.",
        {"getUserActivity"},
        "positive_data_acceptance",
        '"message":"start_date must ',
    ),
    (
        "An id means nothing without the kind that it is of, which parameters cannot say of each other.",
        {"listChanges"},
        "positive_data_acceptance",
        "entity_id needs the entity",
    ),
    (
        "Which changes there are of a user is nothing that a JSON schema can say.",
        {"undoUserChange"},
        "positive_data_acceptance",
        "is not a change of this user",
    ),
    (
        "The id and the secret stand in the header, and others in the form beside them.",
        {"oauthToken"},
        "positive_data_acceptance",
        "client_id is not the one in the Authorization header",
    ),
    (
        "As above, with the same id in both places.",
        {"oauthToken"},
        "positive_data_acceptance",
        "the client must prove itself in one way only",
    ),
    (
        "Whether there is a department of an id is nothing that a JSON schema can say.",
        {"createUser", "updateUser"},
        "positive_data_acceptance",
        " is not a department",
    ),
    (
        "The path of each operation of a PATCH has a grammar, and says what its value is to be.",
        {"scimPatchUser", "scimPatchGroup"},
        "positive_data_acceptance",
        '"status":"400"',
    ),
    (
        "What the columns of a file are called is nothing that a JSON schema can say.",
        {"createImport"},
        "positive_data_acceptance",
        "There is no column ",
    ),
    (
        "Each row succeeds or fails alone, and the answer says which failed.",
        {"createImport"},
        "negative_data_rejection",
        '"rows":[',
    ),
    (
        "As above: the import says later which failed.",
        {"createImport"},
        "negative_data_rejection",
        '"bytes_done":',
    ),
    (
        "Each report succeeds or fails alone, and the answer says which failed.",
        {"reportActivity"},
        "negative_data_rejection",
        '"rejected":[{',
    ),
]

# The ways to say who asks, beside the token that the document's scheme `token` is given: they take
# turns in its place, so that each is really used.
BEARER = f"Bearer {os.environ['ROLLCALL_TOKEN']}"
WAYS = {
    "SCIM 2.0": {
        "a token": BEARER,
        "a token without Bearer, as SCIM's": os.environ["ROLLCALL_TOKEN"],
        "an OAuth client's token, as SCIM's": f"Bearer {os.environ['ROLLCALL_ISSUED_TOKEN']}",
    },
    "Identity Gateway": {
        "a token": BEARER,
        "a token without Bearer, as the gateway's": os.environ["ROLLCALL_TOKEN"],
        "an OAuth client's token, as the gateway's": f"Bearer {os.environ['ROLLCALL_ISSUED_TOKEN']}",
        "a JSON Web Token": f"Bearer {os.environ['ROLLCALL_JWT']}",
    },
}

turns = {tag: itertools.cycle(ways.values()) for tag, ways in WAYS.items()}
successes = set()
ways_taken = set()
needed = set()


@schemathesis.serializer("text/csv", "application/x-ndjson")
def as_a_file(context, value):
    """A file is sent as it is, whatever it is said to be."""
    return (value if isinstance(value, str) else json.dumps(value)).encode(errors="replace")


@schemathesis.hook
def before_call(context, case, kwargs):
    for tag in case.operation.tags or []:
        if tag in turns and case.headers.get("Authorization") == BEARER:
            case.headers["Authorization"] = next(turns[tag])
    # The document's example cannot know the number of a change that is really there.
    if operation_id(case) == "undoUserChange" and case.body == {"change": 41}:
        case.body = {"change": int(os.environ["ROLLCALL_CHANGE"])}


@schemathesis.hook
def after_call(context, case, response):
    operation = case.operation
    if response.status_code >= 400 or response.request.method != operation.method.upper():
        return
    successes.add(operation_id(case))
    for tag in operation.tags or []:
        for way, authorization in WAYS.get(tag, {}).items():
            if response.request.headers.get("Authorization") == authorization:
                ways_taken.add(way)


@schemathesis.hook
def filter_failure(context, failure, case, response):
    if response.status_code == 431:
        # Whoever sends more than the connection takes has asked nothing of any operation.
        return False
    name = operation_id(case)
    for index, (_, operations, check, part) in enumerate(EXCUSED):
        if name in operations and check in failure.checks and part in response.text:
            needed.add(index)
            return False
    return True


def operation_id(case):
    return case.operation.definition.raw["operationId"]


@atexit.register
def write_down():
    ways = {way for ways in WAYS.values() for way in ways}
    report = {
        "successes": sorted(successes),
        "ways not taken": sorted(ways - ways_taken),
        "excuses not needed": [
            f"{excuse[3]!r} of {', '.join(sorted(excuse[1]))}"
            for index, excuse in enumerate(EXCUSED)
            if index not in needed
        ],
    }
    Path(os.environ["ROLLCALL_REPORT"]).write_text(json.dumps(report))
