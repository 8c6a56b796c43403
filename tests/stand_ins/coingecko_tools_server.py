"""CoinGecko's older scheme over Streamable HTTP: one MCP tool an endpoint, in front of the REST stand-in.

Usage: coingecko_tools_server.py PORT REST_URL [DESCRIPTION]; a description of one's own changes a pin."""

import sys
from typing import Any

import httpx
from mcp.server import MCPServer
from mcp.server.mcpserver.exceptions import ToolError
from mcp_types import ToolAnnotations

PORT, REST_URL = int(sys.argv[1]), sys.argv[2]
DESCRIPTION = sys.argv[3] if len(sys.argv) > 3 else "Prices by id."
READ = ToolAnnotations(read_only_hint=True, open_world_hint=True)

server = MCPServer("coingecko-tools")


async def get(path: str, **query: Any) -> str:
    async with httpx.AsyncClient() as http:
        response = await http.get(f"{REST_URL}{path}", params=query)
    if response.status_code != 200:
        raise ToolError(f"Error: {response.status_code} {response.text}")
    return response.text


@server.tool(annotations=READ, structured_output=False, description=DESCRIPTION)
async def get_simple_price(
    ids: str, vs_currencies: str, include_market_cap: bool = False, include_24hr_change: bool = False
) -> str:
    return await get("/simple/price", ids=ids, vs_currencies=vs_currencies)


@server.tool(annotations=READ, structured_output=False)
async def get_coins_markets(vs_currency: str, per_page: int = 100, page: int = 1) -> str:
    return await get("/coins/markets", vs_currency=vs_currency)


@server.tool(annotations=READ, structured_output=False)
async def get_search_trending() -> str:
    return await get("/search/trending")


@server.tool(annotations=READ, structured_output=False)
async def get_global() -> str:
    return await get("/global")


@server.tool(annotations=READ, structured_output=False)
async def get_exchanges_tickers(id: str, coin_ids: str = "") -> str:
    return await get(f"/exchanges/{id}/tickers", coin_ids=coin_ids)


if __name__ == "__main__":
    server.run("streamable-http", host="127.0.0.1", port=PORT)
