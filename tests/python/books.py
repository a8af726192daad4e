"""A server of books on FastMCP, for the proof. It trusts the platform's client principal header; each argument names a
check that it leaves out: `role`, `write` or `origin`."""

import base64
import json
import socket
import sys

import uvicorn
from mcp.server.fastmcp import FastMCP
from mcp.server.transport_security import TransportSecuritySettings
from starlette.responses import Response

LEFT_OUT = set(sys.argv[1:])
CHALLENGE = 'Bearer error="insufficient_scope", scope="user_impersonation"'

books = [{"id": 1, "title": "A history of lighthouses"}]
server = FastMCP(
    "books",
    transport_security=TransportSecuritySettings(
        enable_dns_rebinding_protection="origin" not in LEFT_OUT,
        allowed_hosts=["127.0.0.1:*"],
        allowed_origins=["http://127.0.0.1:*"],
    ),
)


@server.tool()
def list_books() -> list[dict]:
    """Lists the books."""
    return books


@server.tool()
def add_book(title: str) -> dict:
    """Adds a book."""
    books.append({"id": len(books) + 1, "title": title})
    return books[-1]


def rights(scope):
    """Returns the caller's app roles and scopes."""
    header = dict(scope["headers"]).get(b"x-ms-client-principal")
    claims = json.loads(base64.b64decode(header))["claims"] if header else []
    return {
        right
        for claim in claims
        if claim["typ"].rsplit("/", 1)[-1] in ("roles", "role", "scp", "scope")
        for right in claim["val"].split(" ")
    }


def is_allowed(has, message):
    if has & {"MCP.Access", "user_impersonation"} or "role" in LEFT_OUT:
        return True
    writes = message.get("params", {}).get("name") == "add_book"
    return "MCP.Read" in has and (not writes or "write" in LEFT_OUT)


def guarded(app):
    async def call(scope, receive, send):
        if scope["type"] != "http":
            return await app(scope, receive, send)
        body, more = b"", True
        while more:
            part = await receive()
            body, more = body + part.get("body", b""), part.get("more_body", False)
        try:
            message = json.loads(body)
        except ValueError:
            message = {}
        if not is_allowed(rights(scope), message if isinstance(message, dict) else {}):
            refusal = Response(status_code=403, headers={"WWW-Authenticate": CHALLENGE})
            return await refusal(scope, receive, send)
        parts = iter([{"type": "http.request", "body": body}])

        async def again():
            return next(parts, None) or await receive()

        await app(scope, again, send)

    return call


listener = socket.create_server(("127.0.0.1", 0))
print(f"http://127.0.0.1:{listener.getsockname()[1]}", flush=True)
app = guarded(server.streamable_http_app())
uvicorn.Server(uvicorn.Config(app, log_level="error")).run(sockets=[listener])
