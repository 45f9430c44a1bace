"""A pretend MCP server: a list of tasks, with a tool that reads it and two that change it."""
