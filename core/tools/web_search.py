"""The tool `web_search`: what a search engine finds, asked of Brave, Tavily or a SearXNG of one's own."""

import html
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import httpx
import re2  # linear in time, as texts come from outside

from core.errors import BotError
from core.llm.body import decode_json, fetch_response
from core.llm.http_client import HttpClient
from core.tools.addresses import host_of
from core.tools.settings import ToolSettings
from core.tools.tool import Arguments, CallContext, Tool, ToolFailed, ToolResult, ToolSpec, object_schema

MOST = 8  # results that are told
LONGEST = 500  # characters of each result's text
LONGEST_QUERY = 400  # characters (Brave Search API, `q`)
LARGEST = 1024 * 1024  # bytes of an answer
SECONDS = 15.0
TAG = re2.compile(r"</?[a-zA-Z][^<>]*>")

SPEC = ToolSpec(
    "web_search",
    "Searches the web. Returns addresses, with the title and some words of each page; read_link reads one of them.",
    object_schema({"query": "What to look for, as one would write it into a search box"}),
    is_read_only=True,
    gives_addresses=True,
)


@dataclass(frozen=True, slots=True)
class SearchEngine:
    """How an engine is asked, and where in its answer the results are; `text` names what tells of a page."""

    name: str
    address: str
    ask: Callable[[HttpClient, str, str, str], httpx.Request]
    path: Sequence[str]
    text: str


def _ask_brave(client: HttpClient, address: str, key: str, query: str) -> httpx.Request:
    """Brave Search API, Web Search."""
    wanted = {"q": query, "count": str(MOST), "text_decorations": "false"}
    return client.build_request("GET", address, params=wanted, headers={"X-Subscription-Token": key})


def _ask_tavily(client: HttpClient, address: str, key: str, query: str) -> httpx.Request:
    """Tavily API, Search."""
    wanted = {"query": query, "max_results": MOST}
    return client.build_request("POST", address, json=wanted, headers={"Authorization": f"Bearer {key}"})


def _ask_searxng(client: HttpClient, address: str, _: str, query: str) -> httpx.Request:
    """SearXNG, Search API; its settings must allow the format `json`."""
    url = address.rstrip("/").removesuffix("/search")
    return client.build_request("GET", f"{url}/search", params={"q": query, "format": "json"})


BRAVE = SearchEngine(
    "Brave", "https://api.search.brave.com/res/v1/web/search", _ask_brave, ("web", "results"), "description"
)
TAVILY = SearchEngine("Tavily", "https://api.tavily.com/search", _ask_tavily, ("results",), "content")
SEARXNG = SearchEngine("SearXNG", "", _ask_searxng, ("results",), "content")


class WebSearch:
    """Asks one engine, at its own address or at that of CONFAB_SEARCH_URL."""

    def __init__(self, engine: SearchEngine, client: HttpClient, address: str, key: str) -> None:
        self._engine = engine
        self._client = client
        self._address = address or engine.address
        self._key = key

    @property
    def tool(self) -> Tool:
        """The tool."""
        return Tool(SPEC, self.search_web)

    async def search_web(self, arguments: Arguments, _: CallContext) -> ToolResult:
        """Return what was found, a paragraph a page, its address first; raises ToolFailed."""
        query = " ".join(arguments["query"].split())[:LONGEST_QUERY]
        if not query:
            raise ToolFailed("the query has no word")
        request = self._engine.ask(self._client, self._address, self._key, query)
        try:
            response = await fetch_response(self._client, request, largest=LARGEST, seconds=SECONDS)
        except BotError as error:
            raise ToolFailed(f"the search engine cannot be asked ({type(error).__name__})") from None
        if not response.is_success:
            raise ToolFailed(f"the search engine answers with status {response.status}")
        found = [line for each in self._results_in(response.content) if (line := self._format_result(each))]
        return ToolResult("\n\n".join(found[:MOST]) or "Nothing was found.", self._engine.name)

    def _results_in(self, content: bytes) -> list[Any]:
        try:
            found = decode_json(content.decode(errors="replace"))
        except ValueError:
            raise ToolFailed("the search engine answers with something that is no JSON") from None
        for step in self._engine.path:
            found = found.get(step) if isinstance(found, Mapping) else None
        return found if isinstance(found, list) else []

    def _format_result(self, result: Any) -> str:
        """Return a result as it is told; its address alone stands at the beginning of a line."""
        address = str(result.get("url") or "") if isinstance(result, Mapping) else ""
        if not host_of(address) or not address.startswith(("http://", "https://")) or set(address) & set(" \t\r\n<>"):
            return ""
        texts = (_plain_line(result.get(name)) for name in ("title", self._engine.text))
        return "\n".join([f"<{address}>", *(f"  {text}" for text in texts if text)])


def open_search(settings: ToolSettings, client: HttpClient) -> WebSearch | None:
    """Return the search that the settings have on, None where they have none."""
    engine, key = _engine_of(settings)
    return WebSearch(engine, client, settings.search_url, key) if settings.can_search_web else None


def search_address(settings: ToolSettings) -> str:
    """Return where the engine is asked that the settings have on, empty where they have none."""
    return settings.search_url or _engine_of(settings)[0].address if settings.can_search_web else ""


def _engine_of(settings: ToolSettings) -> tuple[SearchEngine, str]:
    keyed = ((BRAVE, settings.brave_key), (TAVILY, settings.tavily_key))
    return next((each for each in keyed if each[1]), (SEARXNG, ""))


def _plain_line(text: Any) -> str:
    """Return a text of an engine's as one line, without its marks."""
    return " ".join(html.unescape(TAG.sub("", str(text or ""))).split())[:LONGEST]
