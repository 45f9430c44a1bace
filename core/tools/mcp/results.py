"""What an MCP server tells of its tools, and what a call gave, in the words of ours that the rest knows."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

import mcp_types as types

from core.tools.mcp.servers import McpServer
from core.tools.sources.source import LONGEST_SCHEMA, REPORTED, qualify_name
from core.tools.tool import Call, Tool, ToolSpec

LONGEST_DESCRIPTION = 4_000  # characters; the rest is left out
NO_SCHEMA = {"type": "object", "properties": {}}
ADDRESSES = ("url", "uri")  # arguments that are an address, by name or by format


def describe_tool(server: McpServer, told: types.Tool, call: Call) -> Tool | None:
    """Return a server's tool as it is offered; None for one with more to its arguments than a prompt takes."""
    schema = {name: value for name, value in told.input_schema.items() if name != "$schema"} or NO_SCHEMA
    if len(json.dumps(schema)) > LONGEST_SCHEMA:
        return None
    hints = told.annotations or types.ToolAnnotations()
    spec = ToolSpec(
        qualify_name(server.name, told.name),
        (told.description or told.title or hints.title or told.name)[:LONGEST_DESCRIPTION],
        schema,
        is_read_only=bool(hints.read_only_hint),
        is_idempotent=bool(hints.idempotent_hint),
        address=next(_address_arguments(schema), ""),
        consent=server.consent,
    )
    return Tool(spec, call)


def _address_arguments(schema: Mapping[str, Any]) -> Iterator[str]:
    properties = schema.get("properties")
    for name, about in properties.items() if isinstance(properties, dict) else ():
        if name in ADDRESSES or (isinstance(about, dict) and about.get("format") in ADDRESSES):
            yield name


def format_result(result: types.CallToolResult) -> str:
    """Return what a call gave as text; what is no text is named."""
    parts = [_format_part(part) for part in result.content]
    if not any(parts) and result.structured_content is not None:
        parts = [json.dumps(result.structured_content, ensure_ascii=False)]
    text = "\n\n".join(filter(None, parts)) or "(It returned nothing.)"
    return f"{REPORTED}{text}" if result.is_error else text


def _format_part(part: types.ContentBlock) -> str:
    match part:
        case types.TextContent(text=text):
            return text
        case types.EmbeddedResource(resource=types.TextResourceContents(uri=uri, text=text)):
            return f"{uri}\n{text}"
        case types.ResourceLink(name=name, uri=uri):
            return f"{name}: {uri}"
        case types.ImageContent() | types.AudioContent():
            return f"[{part.type}, {part.mime_type}, not shown]"
    return "[a file, not shown]"
