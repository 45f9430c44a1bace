"""What an operator can set about tools."""

from collections.abc import Mapping
from typing import Annotated, ClassVar

from pydantic import PositiveInt

from core.setting_fields import AS_JSON, URL, CommaList, Seconds, Section, setting_field


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
    search_url: str = setting_field(
        "CONFAB_SEARCH_URL", "A SearXNG that `web_search` asks; with a key below, that engine's address", "", begins=URL
    )
    brave_key: str = setting_field("BRAVE_API_KEY", "The key with which `web_search` asks Brave", "", secret=True)
    tavily_key: str = setting_field("TAVILY_API_KEY", "The same for Tavily", "", secret=True)
    timeout: Seconds = setting_field("CONFAB_TOOL_TIMEOUT", "Seconds that one call of a tool may take", 60.0)

    @property
    def can_search_web(self) -> bool:
        """Whether there is anybody whom `web_search` can ask."""
        return bool(self.search_url or self.brave_key or self.tavily_key)

    @classmethod
    def find_faults(cls, given: Mapping[str, str]) -> list[str]:
        """Return the faults; two search engines are one."""
        keys = [name for name in ("BRAVE_API_KEY", "TAVILY_API_KEY") if given.get(name)]
        faults = super().find_faults(given)
        return [*faults, f"{' and '.join(keys)} are both set: `web_search` asks one."] if len(keys) > 1 else faults
