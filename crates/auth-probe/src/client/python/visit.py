"""A visit by the Python package `mcp`: reads what to do from standard input, and prints one JSON object."""

import asyncio
import json
import sys

import httpx2
from mcp import Client
from mcp.client.streamable_http import streamable_http_client

# Bytes of memory for answers without an end, where the system has such a limit.
MEMORY = 4 << 30


def content(result):
    if result.is_error:
        raise RuntimeError(f"the tool failed: {result.content}")
    if isinstance(result.structured_content, dict):
        return result.structured_content
    text = result.content[0].text
    try:
        return json.loads(text)
    except ValueError:
        return text


async def work(client, calls):
    tools = await client.list_tools()
    results = [content(await client.call_tool(tool, arguments)) for tool, arguments in calls]
    return {"tools": [tool.name for tool in tools.tools], "results": results}


async def visit(task, statuses, came_in):
    token = task["token"]

    async def note(response):
        statuses.append(response.status_code)

    headers = {"Authorization": f"Bearer {token}"} if token else {}
    hooks = {"response": [note]}
    options = {"headers": headers, "timeout": 60, "event_hooks": hooks, "follow_redirects": False}
    async with httpx2.AsyncClient(trust_env=task["proxies"], **options) as http:
        async with Client(streamable_http_client(task["url"], http_client=http)) as client:
            came_in.append(True)
            return await work(client, task["calls"])


def main(task):
    statuses, came_in = [], []
    try:
        return asyncio.run(visit(task, statuses, came_in))
    except BaseException as error:
        # The statuses say what the client's own words may not.
        refused = [status for status in statuses if status >= 300]
        begin = "came in, then:" if came_in else refused or ""
        return {"error": f"{begin} {type(error).__name__}: {error}".strip()}


try:
    import resource

    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
except (ImportError, OSError, ValueError):
    pass
print(json.dumps(main(json.load(sys.stdin))))
