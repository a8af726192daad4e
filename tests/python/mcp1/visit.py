"""Does what it is told as the MCP project's own client, version 1: it speaks the protocol that opens with `initialize`.

Usage: visit.py URL STEPS

STEPS is a JSON list of {"method", "params"}. Prints one JSON object: the protocol version that was agreed on, the
server's name, and what came back of each step, as on the wire.
"""

import asyncio
import json
import sys
from datetime import timedelta

from mcp import ClientSession, McpError
from mcp.client.streamable_http import streamablehttp_client
from mcp.types import PromptReference, ResourceTemplateReference

PATIENCE = timedelta(seconds=30)


def reference(ref):
    kinds = {"ref/prompt": PromptReference, "ref/resource": ResourceTemplateReference}
    return kinds[ref["type"]](**ref)


def ask(session, method, params):
    match method:
        case "tools/list":
            return session.list_tools()
        case "tools/call":
            return session.call_tool(params["name"], params["arguments"])
        case "resources/list":
            return session.list_resources()
        case "resources/templates/list":
            return session.list_resource_templates()
        case "resources/read":
            return session.read_resource(params["uri"])
        case "prompts/list":
            return session.list_prompts()
        case "prompts/get":
            return session.get_prompt(params["name"], params["arguments"])
        case "completion/complete":
            return session.complete(reference(params["ref"]), params["argument"])


async def answer(session, step):
    try:
        result = await ask(session, step["method"], step["params"])
    except McpError as error:
        return {"error": error.error.model_dump(mode="json", exclude_none=True)}
    return result.model_dump(mode="json", by_alias=True, exclude_none=True)


async def main(url, steps):
    async with streamablehttp_client(url, timeout=PATIENCE) as (read, write, _):
        async with ClientSession(read, write, read_timeout_seconds=PATIENCE) as session:
            hello = await session.initialize()
            return {
                "protocol": hello.protocolVersion,
                "server": hello.serverInfo.name,
                "answers": [await answer(session, step) for step in json.loads(steps)],
            }


if __name__ == "__main__":
    print(json.dumps(asyncio.run(main(*sys.argv[1:]))))
