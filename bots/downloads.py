"""Files that came with a message: fetched piece by piece, from where files may come from and from nowhere else."""

import asyncio
import hashlib
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import BinaryIO
from urllib.parse import SplitResult, unquote, urljoin, urlsplit

import aiohttp

from core.errors import FileUnreadable

HOPS = 4  # addresses that one file may lead through
PATIENCE = aiohttp.ClientTimeout(total=600, sock_connect=10, sock_read=20)  # seconds
PIECE = 256 * 1024  # bytes

Headers = Callable[[SplitResult], Mapping[str, str] | None]


class Downloads:
    """Fetches files. `headers` says what is sent to an address, and None where no file may come from it."""

    def __init__(self, session: aiohttp.ClientSession, headers: Headers) -> None:
        self._session = session
        self._headers = headers

    async def fetch(self, url: str, most: int) -> bytes:
        """Return a file's content; raise FileUnreadable where it is not to be had, or has more than `most` bytes."""
        content = bytearray()
        async with self._pieces(url, most) as pieces:
            async for piece in pieces:
                content += piece
        return bytes(content)

    async def save(self, url: str, path: Path, most: int) -> str:
        """Write a file's content to `path`, a piece at a time; return its SHA-256 in hex. Raises as `fetch` does."""
        digest = hashlib.sha256()
        with _made(path) as file:

            def write(piece: bytes) -> None:
                digest.update(piece)
                file.write(piece)

            async with self._pieces(url, most) as pieces:
                async for piece in pieces:
                    await asyncio.to_thread(write, piece)
        return digest.hexdigest()

    @asynccontextmanager
    async def _pieces(self, url: str, most: int) -> AsyncIterator[AsyncIterator[bytes]]:
        """Give a file's content in pieces; whatever goes wrong on the way is FileUnreadable."""
        try:
            async with self._found(url, HOPS) as answer:
                yield _bounded(answer, most)
        except (aiohttp.ClientError, TimeoutError, ValueError) as error:  # ValueError: what is no address at all
            raise FileUnreadable(type(error).__name__) from error

    @asynccontextmanager
    async def _found(self, url: str, hops: int) -> AsyncIterator[aiohttp.ClientResponse]:
        """Give the response with the content. Each address on the way is judged anew, so that no token leaks."""
        headers = self._headers(urlsplit(url))
        if headers is None:
            raise FileUnreadable(f"{urlsplit(url).hostname} is not a host that files may come from")
        if not hops:
            raise FileUnreadable("too many redirects")
        async with self._session.get(url, headers=headers, allow_redirects=False, timeout=PATIENCE) as answer:
            if answer.status in {301, 302, 303, 307, 308}:
                async with self._found(urljoin(url, answer.headers.get("Location", "")), hops - 1) as further:
                    yield further
                return
            _check(answer)
            yield answer


def _made(path: Path) -> BinaryIO:
    """Open a file for writing; at once, since what a thread opened would stay open if nobody waited for it any more."""
    return path.open("wb")


def bases(hosts: Sequence[str]) -> tuple[SplitResult, ...]:
    """Return hosts and base URLs as what an address is compared with; a host alone is meant with https."""
    return tuple(urlsplit(host if "://" in host else f"https://{host}") for host in hosts)


def covers(base: SplitResult, url: SplitResult) -> bool:
    """Whether an address stands below a base; one that climbs stands nowhere."""
    path = unquote(url.path)
    below = f"{path}/".startswith(f"{base.path.rstrip('/')}/") and ".." not in path.split("/")
    return (url.scheme, url.netloc) == (base.scheme, base.netloc) and below


def _check(answer: aiohttp.ClientResponse) -> None:
    """Raise FileUnreadable for a refusal, and for the page that Slack sends with status 200 in a file's place."""
    if answer.status != 200:
        raise FileUnreadable(f"status {answer.status}")
    if answer.content_type == "text/html" and "filename" not in answer.headers.get("Content-Disposition", ""):
        raise FileUnreadable("a page instead of a file: the bot may lack the scope files:read")


async def _bounded(answer: aiohttp.ClientResponse, most: int) -> AsyncIterator[bytes]:
    """Yield a body piece by piece, so that its size is known before it fills memory or disk."""
    size = 0
    async for piece in answer.content.iter_chunked(PIECE):
        size += len(piece)
        if size > most:
            raise FileUnreadable(f"more than {most} bytes", too_large=True)
        yield piece
