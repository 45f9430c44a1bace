"""Files that came with a message, fetched from Discord's CDN, whose addresses hold for a day."""

from collections.abc import Sequence
from urllib.parse import SplitResult, unquote, urlsplit

import aiohttp

from core.errors import FileUnreadable

CDN = ("cdn.discordapp.com", "media.discordapp.net")  # Discord docs, Signed Attachment CDN URLs
PATIENCE = aiohttp.ClientTimeout(total=60, sock_connect=10, sock_read=20)  # seconds
PIECE = 64 * 1024  # bytes


class Files:
    """Fetches files; `api_url` is where Discord's API is, `hosts` are further hosts or base URLs."""

    def __init__(self, session: aiohttp.ClientSession, api_url: str, hosts: Sequence[str]) -> None:
        self._session = session
        api = urlsplit(api_url)
        bases = [*CDN, *hosts, *([f"{api.scheme}://{api.netloc}"] if api.hostname != "discord.com" else [])]
        self._bases = tuple(urlsplit(base if "://" in base else f"https://{base}") for base in bases)

    async def fetch(self, url: str, most: int) -> bytes:
        """Return a file's content; raise FileUnreadable where it is not to be had, or has more than `most` bytes."""
        if not any(_covers(base, urlsplit(url)) for base in self._bases):
            raise FileUnreadable(f"{urlsplit(url).hostname} is not a host that files may come from")
        try:
            async with self._session.get(url, allow_redirects=False, timeout=PATIENCE) as answer:
                if answer.status != 200:
                    raise FileUnreadable(f"status {answer.status}")
                return await _all(answer, most)
        except (aiohttp.ClientError, TimeoutError) as error:
            raise FileUnreadable(type(error).__name__) from error


def _covers(base: SplitResult, url: SplitResult) -> bool:
    return (url.scheme, url.netloc) == (base.scheme, base.netloc) and _below(base.path, unquote(url.path))


async def _all(answer: aiohttp.ClientResponse, most: int) -> bytes:
    """Read a body piece by piece, so that its size is known before it fills the memory."""
    content = bytearray()
    async for piece in answer.content.iter_chunked(PIECE):
        content += piece
        if len(content) > most:
            raise FileUnreadable(f"more than {most} bytes")
    return bytes(content)


def _below(base: str, path: str) -> bool:
    """Whether a path stands in the folder `base`; one that climbs stands nowhere."""
    return f"{path}/".startswith(f"{base.rstrip('/')}/") and ".." not in path.split("/")
