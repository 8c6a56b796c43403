"""The MCP client side: connections, one call, pins, cache, CoinGecko."""
