"""An agent that obtains an access token with an official library and calls the tools with it.

Usage: agent.py URL RESOURCE LIBRARY

LIBRARY is `azure-identity` or `msal`; either finds the managed identity of the machine by IDENTITY_ENDPOINT and
IDENTITY_HEADER, as on App Service. Prints one JSON object: the tools, the number of restaurants, the review that it wrote,
and the HTTP statuses of an attempt without a token.
"""

import asyncio
import json
import sys

import httpx2
import msal
import requests
from azure.identity import ManagedIdentityCredential
from mcp import Client
from mcp.client.streamable_http import streamable_http_client


def token(library, resource):
    if library == "azure-identity":
        return ManagedIdentityCredential().get_token(f"{resource}/.default").token
    identity = msal.SystemAssignedManagedIdentity()
    client = msal.ManagedIdentityClient(identity, http_client=requests.Session())
    return client.acquire_token_for_client(resource=resource)["access_token"]


def content(result):
    assert not result.is_error, result
    return result.structured_content


async def work(client):
    tools = await client.list_tools()
    restaurants = content(await client.call_tool("list_restaurants_mcp", {}))["restaurants"]
    arguments = {
        "restaurant_id": restaurants[0]["id"],
        "user_name": "A visiting agent",
        "rating": 4,
        "review_text": "Quick to answer.",
    }
    review = content(await client.call_tool("create_review_mcp", arguments))
    return {
        "tools": sorted(tool.name for tool in tools.tools),
        "restaurants": len(restaurants),
        "review": review,
    }


async def visit(url, headers, statuses):
    async def note(response):
        statuses.append(response.status_code)

    hooks = {"response": [note]}
    async with httpx2.AsyncClient(headers=headers, timeout=30, event_hooks=hooks) as http:
        async with Client(streamable_http_client(url, http_client=http)) as client:
            return await work(client)


def unauthenticated(url):
    """HTTP statuses of the responses until the client fails."""
    statuses = []
    try:
        asyncio.run(visit(url, {}, statuses))
    except BaseException:
        return statuses
    return "accepted"


def main(url, resource, library):
    bearer = {"Authorization": f"Bearer {token(library, resource)}"}
    print(json.dumps({**asyncio.run(visit(url, bearer, [])), "without": unauthenticated(url)}))


main(*sys.argv[1:])
