"""Does what it is told as the MCP project's own client, version 2: it speaks the protocol with `initialize` and the one without.

Usage: visit.py URL STEPS MODE

STEPS is a JSON list of {"method", "params"}; MODE is `legacy` or `auto`, which asks `server/discover` first. Prints one
JSON object: the protocol version that was agreed on, the server's name, and what came back of each step, as on the wire.
"""

import asyncio
import json
import sys

from mcp import Client, MCPError
from mcp.types import PromptReference, ResourceTemplateReference

PATIENCE = 30.0


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
    async with Client(url, mode=mode, read_timeout_seconds=PATIENCE) as client:
        return {
            "protocol": client.protocol_version,
            "server": client.server_info.name,
            "answers": [await answer(client, step) for step in json.loads(steps)],
        }


if __name__ == "__main__":
    print(json.dumps(asyncio.run(main(*sys.argv[1:]))))
