"""A whole session of the MCP project's own client: lists the tools, calls them all, misuses one.

Usage: list_and_call.py URL

Prints one JSON object: what the server said of itself, its tools, and each call's result
(`is_error`, `structured`, `text`).
"""

import asyncio
import json
import sys
from datetime import timedelta

from mcp import ClientSession
from mcp.client.streamable_http import streamablehttp_client

PATIENCE = timedelta(seconds=30)


def plain(result):
    return {
        "is_error": result.isError,
        "structured": result.structuredContent,
        "text": [block.text for block in result.content if block.type == "text"],
    }


async def call(session, tool, **arguments):
    return plain(await session.call_tool(tool, arguments, read_timeout_seconds=PATIENCE))


async def use(session):
    hello = await session.initialize()
    tools = await session.list_tools()
    restaurant = await call(
        session,
        "create_restaurant_mcp",
        restaurant_name="Café Python",
        street_address="3 Snake Street",
        description="Made by the client of the MCP project.",
    )
    number = (restaurant["structured"] or {}).get("id")
    review = await call(
        session,
        "create_review_mcp",
        restaurant_id=number,
        user_name="Monty",
        rating=4,
        review_text="Quick, and no spam.",
    )
    return {
        "server": hello.serverInfo.name,
        "protocol": hello.protocolVersion,
        "instructions": hello.instructions,
        "tools": [tool.model_dump(mode="json", exclude_none=True) for tool in tools.tools],
        "create_restaurant": restaurant,
        "create_review": review,
        "details": await call(session, "get_details_mcp", restaurant_id=number),
        "list": await call(session, "list_restaurants_mcp"),
        "bad_rating": await call(
            session,
            "create_review_mcp",
            restaurant_id=number,
            user_name="Monty",
            rating=99,
            review_text="Too good.",
        ),
        "unknown_restaurant": await call(session, "get_details_mcp", restaurant_id=2**53 - 1),
        "missing_argument": await call(session, "get_details_mcp"),
    }


async def main(url):
    async with streamablehttp_client(url, timeout=PATIENCE) as (read, write, _):
        async with ClientSession(read, write) as session:
            return await use(session)


if __name__ == "__main__":
    print(json.dumps(asyncio.run(main(sys.argv[1]))))
