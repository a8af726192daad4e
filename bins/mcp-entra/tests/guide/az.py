"""The Azure CLI's commands of the guide, against an emulated Azure. Its address and tokens are in the environment."""

import json
import os
import sys
import urllib.error
import urllib.request

GRAPH, ARM = "https://graph.microsoft.com", "https://management.azure.com"
TOKENS = {GRAPH: os.environ["GRAPH_TOKEN"], ARM: os.environ["ARM_TOKEN"]}
API_VERSION = "?api-version=2024-04-01"


def request(method: str, url: str, body: str | None = None) -> bytes:
    """The answer to a call; an error as the CLI shows it."""
    cloud = next(it for it in TOKENS if url.startswith(f"{it}/"))
    call = urllib.request.Request(os.environ["EMULATOR"] + url[len(cloud) :], method=method)
    call.add_header("Authorization", f"Bearer {TOKENS[cloud]}")
    call.add_header("Content-Type", "application/json")
    call.data = body.encode() if body else (b"" if method in ("POST", "PUT") else None)
    try:
        with urllib.request.urlopen(call) as answer:
            return answer.read()
    except urllib.error.HTTPError as error:
        sys.exit(f"ERROR: {error}({error.read().decode()})")


def rest(options: dict[str, list[str]]) -> None:
    """`az rest`."""
    (method,), (url,), (body,) = options["method"], options["url"], options.get("body", [None])
    if body and body.startswith("@"):
        with open(body[1:], encoding="utf-8") as file:
            body = file.read()
    sys.stdout.write(request(method, url, body).decode())


def set_app_settings(options: dict[str, list[str]]) -> None:
    """`az webapp config appsettings set`: what is there stays."""
    (app,) = options["ids"]
    settings = json.loads(request("POST", f"{ARM}{app}/config/appsettings/list{API_VERSION}"))
    new = dict(it.split("=", 1) for it in options["settings"])
    body = json.dumps({"properties": {**settings["properties"], **new}})
    request("PUT", f"{ARM}{app}/config/appsettings{API_VERSION}", body)


def get_access_token(options: dict[str, list[str]]) -> None:
    """`az account get-access-token`."""
    (wanted,) = options.get("scope") or options["resource"]
    # Resource Manager is there for whoever was told so; Graph is asked by its own name.
    token = TOKENS[GRAPH if wanted.startswith(GRAPH) else ARM]
    print(json.dumps({"accessToken": token, "expires_on": 4102444800, "tokenType": "Bearer"}))


def main() -> None:
    """Reads the command line as `--name value…`."""
    words, options, name = [], {}, None
    for arg in sys.argv[1:]:
        if arg.startswith("--"):
            name = arg[2:]
            options[name] = []
        elif name:
            options[name].append(arg)
        elif arg == "-o":
            name = "output"
            options[name] = []
        else:
            words.append(arg)
    commands = {
        "rest": rest,
        "webapp config appsettings set": set_app_settings,
        "account get-access-token": get_access_token,
    }
    commands[" ".join(words)](options)


main()
