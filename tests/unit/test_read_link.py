"""The tool `read_link`: what stands on the public web is read within bounds, and nothing behind it is reached."""

import asyncio
import gzip
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from urllib.parse import quote

import pytest
from aiohttp import web

from core.files.documents import Documents
from core.llm.http_client import CheckedResolver, open_public_client
from core.messages import Author, ConversationKey
from core.tools.addresses import host_of, is_public_address, normalize_address, written_addresses
from core.tools.read_link import LARGEST, LinkReader
from core.tools.tool import CallContext, ToolFailed, ToolResult

CONTEXT = CallContext(ConversationKey("slack", "T1", "C1", "1.0"), Author("U1", "Ada"), "UTC")
PAGE = "<html><head><title>Tides</title><script>steal()</script></head><body><p>High at nine.</p></body></html>"
BODIES = {
    "/page": (PAGE.encode(), {"Content-Type": "text/html"}),
    "/text": (b"plain words", {"Content-Type": "text/plain"}),
    "/picture": (b"\x89PNG\r\n\x1a\n", {"Content-Type": "image/png"}),
    "/bomb": (gzip.compress(b"a" * (LARGEST * 4)), {"Content-Type": "text/plain", "Content-Encoding": "gzip"}),
}


@pytest.fixture
async def served() -> AsyncIterator[str]:
    """Return the address of a small web on 127.0.0.2, which leads elsewhere as well; it stands on 127.0.0.1, too."""

    async def answer(request: web.Request) -> web.StreamResponse:
        if request.path in BODIES:
            body, headers = BODIES[request.path]
            return web.Response(body=body, headers=headers)
        if request.path == "/on":
            raise web.HTTPFound(request.query["to"])
        raise web.HTTPNotFound

    application = web.Application()
    application.router.add_get("/{path:.*}", answer)
    runner = web.AppRunner(application, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.2", 0).start()
    port = runner.addresses[0][1]
    await web.TCPSite(runner, "127.0.0.1", port).start()
    yield f"http://127.0.0.2:{port}"
    await runner.cleanup()


async def read(url: str, *, allowed: tuple[str, ...] = ("127.0.0.2",)) -> ToolResult:
    """Read an address, with these beside those of the internet."""

    def may_visit(address: str) -> bool:
        return address in allowed or is_public_address(address)

    async with open_public_client(may_visit, 5.0) as client:
        return await LinkReader(client, Documents(), may_visit).read_link({"url": url}, CONTEXT)


async def test_a_page_is_read_as_text_with_its_host(served: str) -> None:
    """Without what nobody sees of it; a redirect is followed."""
    for path in ("/page", "/on?to=/page", "/page#below"):
        result = await read(f"{served}{path}")
        assert "High at nine." in result.text
        assert "steal" not in result.text
        assert result.source == "127.0.0.2"
    assert (await read(f"{served}/text")).text == "plain words"


async def test_only_the_beginning_of_what_is_large_is_read(served: str) -> None:
    """Counted after decompression, and said."""
    result = await read(f"{served}/bomb")
    assert len(result.text) < LARGEST + 1_000
    assert "only the first 2 MB" in result.text


@pytest.mark.parametrize("path", ["/gone", "/picture", "/on?to=/on%3Fto=/gone"])
async def test_what_cannot_be_read_is_refused_with_a_sentence(served: str, path: str) -> None:
    """A status, a picture, a circle of redirects."""
    with pytest.raises(ToolFailed):
        await read(f"{served}{path}")


INWARD = [
    "http://127.0.0.1:{port}/page",
    "http://localhost:{port}/page",
    "http://2130706433:{port}/page",
    "http://0x7f000001:{port}/page",
    "http://0177.0.0.1:{port}/page",
    "http://127.1:{port}/page",
    "http://[::1]:{port}/page",
    "http://[::ffff:127.0.0.1]:{port}/page",
    "http://[::ffff:7f00:1]:{port}/page",
    "http://user:pw@127.0.0.1:{port}/page",
    "http://169.254.169.254/latest/meta-data/",
    "http://10.0.0.1/",
    "http://100.64.0.1/",
    "http://0.0.0.0:{port}/page",
    "http://[fe80::1%25lo]/",
    "http://[fc00::1]/",
    "http://[64:ff9b::7f00:1]/",
    "http://224.0.0.1/",
    "ftp://example.com/",
    "file:///etc/passwd",
    "gopher://127.0.0.1/",
    "http:///page",
    "not an address",
    "",
]


async def test_nothing_but_the_public_web_is_reached_however_it_is_written(served: str) -> None:
    """Neither at once nor by a redirect."""
    for url in INWARD:
        address = url.format(port=served.rpartition(":")[2])
        with pytest.raises(ToolFailed):
            await read(address)
        if address.startswith(("http://1", "http://[", "http://l", "http://0", "f", "g")):
            with pytest.raises(ToolFailed):
                await read(f"{served}/on?to={quote(address)}")


@pytest.mark.parametrize(
    ("address", "is_public"),
    [
        *(("8.8.8.8", True), ("2606:4700::1111", True), ("::ffff:8.8.8.8", True), ("64:ff9b::808:808", True)),
        *(("127.0.0.1", False), ("192.168.1.1", False), ("172.16.0.1", False), ("169.254.0.1", False)),
        *(("100.64.0.1", False), ("0.0.0.0", False), ("255.255.255.255", False), ("224.0.0.1", False)),  # noqa: S104 - an address
        *(("::1", False), ("::", False), ("fe80::1", False), ("fe80::1%eth0", False), ("fd00::1", False)),
        *(("::ffff:10.0.0.1", False), ("2002:7f00:1::", False), ("64:ff9b::a00:1", False), ("ff02::1", False)),
        *(("64:ff9b:1::7f00:1", False), ("::ffff:0:a9fe:a9fe", False), ("::ffff:0:808:808", False)),
        *(("fec0::1", False), ("::127.0.0.1", False), ("example.com", False), ("", False)),
    ],
)
def test_an_address_is_of_the_internet_or_not(address: str, is_public: bool) -> None:
    """What is put into IPv6 counts as what it is."""
    assert is_public_address(address) == is_public


def test_an_address_that_somebody_wrote_is_known_again() -> None:
    """Whatever stands around it, and however its host is written."""
    said = ["see (https://Example.com/a/), or <http://b.example?x=1>.", "**https://c.example/p#part**"]
    for address in ("https://example.com/a", "http://b.example?x=1"):
        assert normalize_address(address) in written_addresses(said)
    assert normalize_address("HTTPS://C.example/p/") in written_addresses(said)
    assert normalize_address("https://example.com/b") not in written_addresses(said)
    assert host_of("https://user@Bücher.example:8080/x") == "xn--bcher-kva.example"


@pytest.mark.parametrize(
    "address",
    [
        "http://[@evil.example/?d=x",
        "http://[your-server]:8080/wiki",
        "http://a[b@evil.example/",
        "http://u:p@good.example/",
    ],
)
def test_an_address_that_cannot_be_read_or_names_a_user_is_never_known(address: str) -> None:
    """What is written of one makes no other one known."""
    written = written_addresses([f"look at {address} and http://[another]/ and https://good.example/a"])
    assert written == {"https://good.example/a"}
    assert normalize_address(address) == ""


class Occupied(ThreadPoolExecutor):
    """The loop's own threads while others need all of them."""

    def submit(self, *_: Any, **__: Any) -> Any:
        """Refuse all work."""
        raise AssertionError("a name takes a thread that others need")


async def test_a_name_is_resolved_in_threads_of_its_own() -> None:
    """A name server that does not answer holds up nobody who needs the loop's."""
    asyncio.get_running_loop().set_default_executor(Occupied(1))
    resolver = CheckedResolver(lambda address: address in {"127.0.0.1", "::1"})
    assert {each["host"] for each in await resolver.resolve("localhost", 80)} == {"127.0.0.1"}
    with pytest.raises(OSError, match="may not be visited"):
        await CheckedResolver(lambda _: False).resolve("localhost", 80)
    await resolver.close()
