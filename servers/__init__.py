"""MCP servers, started as `python -m servers.NAME`."""
