"""Sends requests to an MCP server with the official Python client, version 1 or 2, whichever is installed.

Usage: visit.py URL STEPS MODE

STEPS is a JSON list of {"method", "params"}. MODE is `legacy`, or `auto`, which asks `server/discover` first; version 1
supports only `legacy`. Prints one JSON object: the negotiated protocol version, the server's name, and the result of each
step, as on the wire.
"""

import asyncio
import json
import sys
from contextlib import asynccontextmanager
from datetime import timedelta

from mcp.types import PromptReference, ResourceTemplateReference

try:
    from mcp import Client, MCPError

    VERSION = 2
except ImportError:
    from mcp import ClientSession
    from mcp import McpError as MCPError
    from mcp.client.streamable_http import streamablehttp_client

    VERSION = 1

TIMEOUT = timedelta(seconds=30)


@asynccontextmanager
async def connect(url, mode):
    """The client, the protocol version, and the server's name."""
    if VERSION == 2:
        async with Client(url, mode=mode, read_timeout_seconds=TIMEOUT.total_seconds()) as client:
            yield client, client.protocol_version, client.server_info.name
    else:
        assert mode == "legacy", mode
        async with streamablehttp_client(url, timeout=TIMEOUT) as (read, write, _):
            async with ClientSession(read, write, read_timeout_seconds=TIMEOUT) as client:
                hello = await client.initialize()
                yield client, hello.protocolVersion, hello.serverInfo.name


def reference(ref):
    kinds = {"ref/prompt": PromptReference, "ref/resource": ResourceTemplateReference}
    return kinds[ref["type"]](**ref)


def ask(client, method, params):
    match method:
        case "tools/list":
            return client.list_tools()
        case "tools/call":
            return client.call_tool(params["name"], params["arguments"])
        case "resources/list":
            return client.list_resources()
        case "resources/templates/list":
            return client.list_resource_templates()
        case "resources/read":
            return client.read_resource(params["uri"])
        case "prompts/list":
            return client.list_prompts()
        case "prompts/get":
            return client.get_prompt(params["name"], params["arguments"])
        case "completion/complete":
            return client.complete(reference(params["ref"]), params["argument"])


async def answer(client, step):
    try:
        result = await ask(client, step["method"], step["params"])
    except MCPError as error:
        return {"error": error.error.model_dump(mode="json", exclude_none=True)}
    return result.model_dump(mode="json", by_alias=True, exclude_none=True)


async def main(url, steps, mode):
    async with connect(url, mode) as (client, protocol, server):
        answers = [await answer(client, step) for step in json.loads(steps)]
        return {"protocol": protocol, "server": server, "answers": answers}


if __name__ == "__main__":
    print(json.dumps(asyncio.run(main(*sys.argv[1:]))))
