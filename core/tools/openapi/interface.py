"""An OpenAPI document as a source of tools: read from a file or an address, read anew at times, and called."""

import asyncio
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from urllib.parse import urlsplit

import httpx

from core.errors import BotError
from core.llm.body import WholeResponse, fetch_response
from core.llm.http_client import HttpClient
from core.tools.addresses import host_of, is_numeric_host, is_public_address
from core.tools.openapi.document import OperationReader, parse_document
from core.tools.openapi.operation import IDEMPOTENT, READ_ONLY, Operation
from core.tools.sources.source import REPORTED, UNNAMED, Offer, SourceFailed, qualify_name
from core.tools.tool import Arguments, CallContext, Tool, ToolFailed, ToolResult, ToolSpec

HTTP, HTTPS = 80, 443
LARGEST_DOCUMENT = 4 * 1024 * 1024  # bytes
LARGEST_ANSWER = 1024 * 1024  # bytes
READ_AGAIN = 600.0  # seconds
READING = 30.0  # seconds
CALLING = 300.0  # seconds; whoever waits for an answer bounds it as well
MOST_TOOLS = 128  # of one document (OpenAI API reference, `tools`: of one request)
LONGEST_DESCRIPTION = 2_000  # characters
AGENT = {"User-Agent": "Confab", "Accept": "application/json, text/*;q=0.9, */*;q=0.1"}
KEY = "Idempotency-Key"
TEXTS = ("text/", "application/json", "application/xml", "application/problem", "application/x-www-form-urlencoded")

NOT_PUBLIC = "its server is not on the public web, and nobody named it here"
MAYBE = ": it may have happened"


class HttpClients:
    """Two clients: one that connects to public addresses alone, and one for hosts that the operator named."""

    def __init__(self, public: HttpClient, named: HttpClient) -> None:
        self.public = public
        self.named = named


class OpenApiSource:
    """The operations of a document. Only its own host, or a public one, is called; what a file names is the operator's.

    `headers` hold keys: under a host's name alone they go to its usual port, encrypted; anywhere else with the port.
    """

    def __init__(
        self, place: str, name: str, clients: HttpClients, headers: Mapping[str, Mapping[str, str]] | None = None
    ) -> None:
        self._place = place
        self._name = name
        self._clients = clients
        self._headers = headers or {}

    @property
    def name(self) -> str:
        """What the names of its tools begin with."""
        return self._name

    async def hold_open(self, offer: Offer) -> None:
        """Read the document, offer its operations, and read it anew from time to time; raises SourceFailed."""
        address = self._place if _is_address(self._place) else ""
        while True:
            text = await (self._fetch_document() if address else asyncio.to_thread(self._read_file))
            operations = await asyncio.to_thread(_read_operations, text, address)
            await offer([self._describe_operation(each) for each in operations[:MOST_TOOLS]])
            await asyncio.sleep(READ_AGAIN)

    def _read_file(self) -> str:
        try:
            with Path(self._place).expanduser().open("rb") as file:
                content = file.read(LARGEST_DOCUMENT + 1)
        except OSError as error:
            raise SourceFailed(f"{self._place} cannot be read ({error.strerror})") from None
        if len(content) > LARGEST_DOCUMENT:
            raise SourceFailed("its document is too large")
        return content.decode(errors="replace")

    async def _fetch_document(self) -> str:
        client = self._clients.named
        try:
            request = client.build_request(
                "GET", self._place, headers={**AGENT, **headers_for(self._headers, self._place)}
            )
            response = await fetch_response(client, request, largest=LARGEST_DOCUMENT, seconds=READING)
        except (BotError, httpx.InvalidURL) as error:
            raise SourceFailed(f"its document cannot be fetched ({type(error).__name__})") from None
        if not response.is_success:
            raise SourceFailed(f"its document is answered with status {response.status}")
        return response.text

    def _describe_operation(self, operation: Operation) -> Tool:
        where = f"{operation.method} {operation.path} at {operation.base}"
        spec = ToolSpec(
            qualify_name(self._name, operation.name),
            f"{operation.about[:LONGEST_DESCRIPTION]}\n({where})".strip(),
            operation.schema,
            is_read_only=operation.method in READ_ONLY,
            is_idempotent=operation.method in IDEMPOTENT,
        )
        return Tool(spec, partial(self.call_operation, operation))

    async def call_operation(self, operation: Operation, arguments: Arguments, context: CallContext) -> ToolResult:
        """Return what the server answers, its host as the source; raises ToolFailed."""
        built = operation.build_request(arguments)
        client = self._client_for(built.url)
        own = {KEY: context.idempotency_key, **headers_for(self._headers, built.url)}
        try:
            request = client.build_request(
                operation.method, built.url, headers={**AGENT, **built.headers, **own}, content=built.content
            )
            response = await fetch_response(client, request, largest=LARGEST_ANSWER, seconds=CALLING)
        except (BotError, httpx.InvalidURL) as error:
            doubt = "" if operation.method in READ_ONLY else MAYBE
            raise ToolFailed(f"the request failed ({type(error).__name__}){doubt}") from None
        return ToolResult(_format_response(response), host_of(built.url))

    def _client_for(self, url: str) -> HttpClient:
        """Return the client that may reach an address; raises ToolFailed where none may."""
        if not _is_address(self._place) or _netloc(url) == _netloc(self._place):
            return self._clients.named
        host = urlsplit(url).hostname or ""
        if is_numeric_host(host) and not is_public_address(host):
            raise ToolFailed(NOT_PUBLIC)
        return self._clients.public


def headers_for(headers: Mapping[str, Mapping[str, str]], url: str) -> Mapping[str, str]:
    """Return which of the `headers` go along with a request to an address, by its host and port."""
    parts = urlsplit(url)
    is_secure, host = parts.scheme == "https", parts.hostname or ""
    port = parts.port or (HTTPS if is_secure else HTTP)
    usual = headers.get(host, {}) if is_secure and port == HTTPS else {}
    return {**usual, **headers.get(f"{host}:{port}", {})}


def own_headers(
    headers: Mapping[str, Mapping[str, str]], place: str, places: Sequence[str]
) -> Mapping[str, Mapping[str, str]]:
    """Return which of the `headers` a document's operations may take along: none of a host with a document of its own.

    Whoever writes the document at one address could name another's host otherwise, and have its keys used there. A file
    is the operator's, and may name any.
    """
    if not _is_address(place):
        return headers
    others = {urlsplit(each).hostname for each in places if _is_address(each)} - {urlsplit(place).hostname}
    return {host: values for host, values in headers.items() if host.partition(":")[0] not in others}


def source_names(places: Sequence[str]) -> list[str]:
    """Return a name for each document: a file's own, or its host's; of two alike, the later one has a number."""
    names: list[str] = []
    for place in places:
        host = urlsplit(place).hostname if "://" in place else None
        name = UNNAMED.sub("_", host.replace(".", "_") if host else Path(place).stem).strip("_")[:40] or "api"
        alike = sum(each == name or each.startswith(f"{name}_") for each in names)
        names.append(f"{name}_{alike + 1}" if alike else name)
    return names


def _read_operations(text: str, address: str) -> list[Operation]:
    return OperationReader(parse_document(text), address).read_operations()


def _is_address(place: str) -> bool:
    return urlsplit(place).scheme in {"http", "https"}


def _netloc(url: str) -> str:
    parts = urlsplit(url)
    port = parts.port or {"http": 80, "https": 443}.get(parts.scheme)
    return f"{parts.hostname}:{port}"


def _format_response(response: WholeResponse) -> str:
    """Return an answer as text; of one that is no text, what it is."""
    kind = response.headers.get("content-type", "").partition(";")[0].strip().lower()
    is_text = kind.startswith(TEXTS) or kind.endswith(("+json", "+xml")) or not kind
    text = response.text if is_text else f"[{kind}, {len(response.content)} bytes, not shown]"
    if response.is_success:
        return text or "(It returned nothing.)"
    return f"{REPORTED}status {response.status}\n{text}"
