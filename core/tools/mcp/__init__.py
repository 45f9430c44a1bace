"""Tools of MCP servers, by the package `mcp`, which `connection`, `stdio` and `streamable_http` alone import."""
