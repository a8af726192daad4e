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
    return json.loads(result.content[0].text)


async def work(client, review):
    tools = await client.list_tools()
    restaurants = content(await client.call_tool("list_restaurants_mcp", {}))
    report = {"tools": [tool.name for tool in tools.tools], "restaurants": restaurants}
    for first in (restaurants.get("restaurants") or restaurants.get("result") or [])[:1]:
        content(await client.call_tool("get_details_mcp", {"restaurant_id": first["id"]}))
    if review:
        details = {"restaurant_id": review["restaurant_id"]}
        report["review"] = content(await client.call_tool("create_review_mcp", review))
        report["details"] = content(await client.call_tool("get_details_mcp", details))
    return report


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
            return await work(client, task["review"])


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
