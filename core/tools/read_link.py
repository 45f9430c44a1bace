"""The tool `read_link`: the text of a page or a document on the public web, and of nothing behind it."""

import asyncio
from contextlib import aclosing
from dataclasses import dataclass
from typing import Any

import httpx

from core.errors import BotError
from core.fair_slots import Owner, PersonSlots
from core.files.documents import Documents, DocumentText
from core.files.kinds import kind_of, kind_of_content
from core.llm.body import open_response, read_pieces
from core.llm.http_client import HttpClient, MayVisit
from core.messages import Attachment
from core.tools.addresses import host_of, is_numeric_host, is_public_address
from core.tools.tool import Arguments, CallContext, Tool, ToolFailed, ToolResult, ToolSpec, object_schema

SECONDS = 10.0  # for all of it, redirects included
AT_ONCE, EACH = 32, 4  # pages that are fetched at a time, of all people and of one
LARGEST = 2 * 1024 * 1024  # bytes after decompression; of more, the beginning is read
REDIRECTS = 5
AGENT = {"User-Agent": "Confab (a bot that reads a link for a person)", "Accept": "text/html, text/*, application/pdf"}
CUT = "[only the first 2 MB were read]"

SPEC = ToolSpec(
    "read_link",
    "Reads a public web page or document at an address, and returns its text.",
    object_schema({"url": "The whole address, beginning with http:// or https://"}),
    is_read_only=True,
    address="url",
)


@dataclass(frozen=True, slots=True)
class PublicPage:
    """What stands at an address: its text, by which reader it was read, from which host, and what was left out."""

    document: DocumentText
    kind: str
    host: str
    left_out: tuple[str, ...] = ()


class LinkReader:
    """Reads pages over a client of its own, whose connections lead to public addresses alone."""

    def __init__(self, client: HttpClient, documents: Documents, may_visit: MayVisit = is_public_address) -> None:
        self._client = client
        self._documents = documents
        self._may_visit = may_visit
        self._slots = PersonSlots(AT_ONCE, EACH)

    @property
    def link_tool(self) -> Tool:
        """The tool."""
        return Tool(SPEC, self.read_link)

    async def read_link(self, arguments: Arguments, context: CallContext) -> ToolResult:
        """Return a page's text, and its host as the source; raises ToolFailed."""
        page = await self.read_page(arguments["url"], (context.key.workspace, context.author.id))
        return ToolResult("\n\n".join([*page.left_out, page.document.text]), page.host)

    async def read_page(self, url: str, owner: Owner) -> PublicPage:
        """Return what stands at an address, read on somebody's account; raises ToolFailed."""
        try:
            async with self._slots.hold_slot(owner):
                content, kind, host, is_cut = await self._fetch_following(url)
        except BotError as error:
            raise ToolFailed(f"the page could not be fetched ({type(error).__name__})") from None
        if kind in {"", "picture", "unknown"}:
            raise ToolFailed("what stands there is no text")
        found = await self._documents.read_document(content, kind, owner)
        if found is None or not found.text.strip():
            raise ToolFailed("no text was found there")
        left_out = (*found.remarks, *found.left_out)
        return PublicPage(found, kind, host, (CUT, *left_out) if is_cut else left_out)

    async def _fetch_following(self, url: str) -> tuple[bytes, str, str, bool]:
        """Return a body with its kind, its host, and whether it was cut; each redirect is looked at like the first."""
        until = asyncio.get_running_loop().time() + SECONDS
        for _ in range(REDIRECTS + 1):
            request = self._request(url)
            async with open_response(self._client, request, until) as response:
                if not response.has_redirect_location:
                    return await self._read_page(response, until)
                url = str(request.url.join(response.headers["location"]))
        raise ToolFailed(f"it leads on more than {REDIRECTS} times")

    def _request(self, url: str) -> httpx.Request:
        try:
            address = httpx.URL(url.strip())
        except httpx.InvalidURL:
            raise ToolFailed("this is no web address") from None
        if address.scheme not in {"http", "https"} or not address.host:
            raise ToolFailed("only addresses that begin with http:// or https:// are read")
        if is_numeric_host(address.host) and not self._may_visit(address.host):
            raise ToolFailed("this address is not on the public web")
        return self._client.build_request("GET", address.copy_with(userinfo=b"", fragment=None), headers=AGENT)

    async def _read_page(self, response: httpx.Response, until: float) -> tuple[bytes, str, str, bool]:
        if not response.is_success:
            raise ToolFailed(f"the page answers with status {response.status_code}")
        content, is_cut = await _read_beginning(response, until)
        named = Attachment("", response.url.path, response.headers.get("content-type", ""), "")
        kind = "html" if _media_type(response) in {"text/html", "application/xhtml+xml"} else kind_of(named)
        return content, kind_of_content(content, kind), host_of(str(response.url)), is_cut


async def _read_beginning(response: httpx.Response, until: float) -> tuple[bytes, bool]:
    """Return a body as far as it is read, and whether there was more of it."""
    body = bytearray()
    try:
        async with asyncio.timeout_at(until), aclosing(read_pieces(response)) as pieces:
            async for piece in pieces:
                body += piece
                if len(body) > LARGEST:
                    break
    except TimeoutError:
        raise ToolFailed(f"the page took longer than {SECONDS:g} seconds") from None
    return bytes(body[:LARGEST]), len(body) > LARGEST


def _media_type(response: Any) -> str:
    return str(response.headers.get("content-type", "")).partition(";")[0].strip().lower()
