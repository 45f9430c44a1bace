"""What an operator can set about tools."""

from typing import Annotated, ClassVar

from pydantic import PositiveInt

from core.setting_fields import AS_JSON, CommaList, Seconds, Section, setting_field


class ToolSettings(Section):
    """How much the model may do before it answers: rounds in which it calls tools, and seconds for one call."""

    title: ClassVar[str] = "Tools, that the model looks things up with"

    rounds: PositiveInt = setting_field(
        "CONFAB_TOOL_ROUNDS", "How many times the model may call tools before it has to answer", 8
    )
    mcp: str = setting_field(
        "CONFAB_MCP", 'A JSON file of MCP servers, {"mcpServers": {…}}, as other programs read it', ""
    )
    openapi: CommaList = setting_field(
        "CONFAB_OPENAPI", "OpenAPI documents whose operations are tools: paths or addresses, with commas", ()
    )
    openapi_headers: Annotated[dict[str, dict[str, str]], AS_JSON] = setting_field(
        "CONFAB_OPENAPI_HEADERS",
        'What is sent with their calls, by host, as JSON: {"api.example.com": {"Authorization": "Bearer …"}}',
        {},
        secret=True,
    )
    timeout: Seconds = setting_field("CONFAB_TOOL_TIMEOUT", "Seconds that one call of a tool may take", 60.0)
