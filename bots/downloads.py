"""Files that came with a message: fetched piece by piece, from where files may come from and from nowhere else."""

import time
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from urllib.parse import SplitResult, unquote, urljoin, urlsplit

import aiohttp

from core.errors import FileUnreadable

HOPS = 4  # addresses that one file may lead through
PATIENCE = aiohttp.ClientTimeout(total=600, sock_connect=10, sock_read=20)  # seconds
CHUNK = 256 * 1024  # bytes
GRACE = 20.0  # seconds after which a file has to come at a pace
SLOWEST = 32 * 1024  # bytes a second

Headers = Callable[[SplitResult], Mapping[str, str] | None]


class Downloads:
    """Fetches files. `headers` says what is sent to an address, and None where no file may come from it."""

    def __init__(self, session: aiohttp.ClientSession, headers: Headers, hint: str, grace: float = GRACE) -> None:
        """`hint` tells the operator where files of this platform may come from; `grace` is in seconds."""
        self._session = session
        self._headers = headers
        self._hint = hint
        self._grace = grace

    async def read_chunks(self, url: str, most: int) -> AsyncGenerator[bytes, None]:
        """Yield a file's content; raise FileUnreadable where it is not to be had, or has more than `most` bytes."""
        try:
            async with self._open_response(url, HOPS) as answer:
                size, begun = 0, time.monotonic()
                async for chunk in answer.content.iter_chunked(CHUNK):
                    size += len(chunk)  # known before it fills memory or disk
                    if size > most:
                        raise FileUnreadable(f"more than {most} bytes", self._hint, too_large=True)
                    if time.monotonic() - begun > self._grace + size / SLOWEST:
                        raise FileUnreadable("it drips", self._hint)
                    yield chunk
        except (aiohttp.ClientError, TimeoutError, ValueError) as error:  # ValueError: what is no address at all
            raise FileUnreadable(type(error).__name__, self._hint) from error

    @asynccontextmanager
    async def _open_response(self, url: str, hops: int) -> AsyncIterator[aiohttp.ClientResponse]:
        """Give the response with the content. Each address on the way is judged anew, so that no token leaks."""
        headers = self._headers(urlsplit(url))
        if headers is None:
            raise FileUnreadable(f"{urlsplit(url).hostname} is not a host that files may come from", self._hint)
        if not hops:
            raise FileUnreadable("too many redirects", self._hint)
        async with self._session.get(url, headers=headers, allow_redirects=False, timeout=PATIENCE) as answer:
            if answer.status in {301, 302, 303, 307, 308}:
                async with self._open_response(urljoin(url, answer.headers.get("Location", "")), hops - 1) as further:
                    yield further
                return
            self._check_status(answer)
            yield answer

    def _check_status(self, answer: aiohttp.ClientResponse) -> None:
        """Raise FileUnreadable for a refusal, and for the page that Slack sends with status 200 in a file's place."""
        if answer.status != 200:
            raise FileUnreadable(f"status {answer.status}", self._hint)
        if answer.content_type == "text/html" and "filename" not in answer.headers.get("Content-Disposition", ""):
            raise FileUnreadable("a page instead of a file", self._hint)


def parse_bases(hosts: Sequence[str]) -> tuple[SplitResult, ...]:
    """Return hosts and base URLs as what an address is compared with; a host alone is meant with https."""
    return tuple(urlsplit(host if "://" in host else f"https://{host}") for host in hosts)


def is_below(base: SplitResult, url: SplitResult) -> bool:
    """Whether an address stands below a base; one that climbs stands nowhere."""
    path = unquote(url.path)
    below = f"{path}/".startswith(f"{base.path.rstrip('/')}/") and ".." not in path.split("/")
    return (url.scheme, url.netloc) == (base.scheme, base.netloc) and below
