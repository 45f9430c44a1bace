"""Files that came with a message: fetched from where files may come from, and the token sent to Slack alone."""

from collections.abc import Sequence
from urllib.parse import SplitResult, unquote, urljoin, urlsplit

import aiohttp

from core.errors import FileUnreadable

SLACKS = "files.slack.com"  # Slack docs, Working with files: `url_private` needs the bot's token, and is served there
HOPS = 4  # addresses that one file may lead through
PATIENCE = aiohttp.ClientTimeout(total=60, sock_connect=10, sock_read=20)  # seconds


class Files:
    """Fetches files; `api_url` is where Slack's Web API is, `hosts` are further hosts or base URLs."""

    def __init__(self, session: aiohttp.ClientSession, token: str, api_url: str, hosts: Sequence[str]) -> None:
        self._session = session
        self._token = token
        self._api = urlsplit(api_url)
        self._hosts = tuple(urlsplit(host if "://" in host else f"https://{host}") for host in hosts)

    async def fetch(self, url: str, most: int) -> bytes:
        """Return a file's content; raise FileUnreadable where it is not to be had, or has more than `most` bytes."""
        try:
            for _ in range(HOPS):
                answer = await self._hop(url, most)
                if isinstance(answer, bytes):
                    return answer
                url = urljoin(url, answer)
        except (aiohttp.ClientError, TimeoutError) as error:
            raise FileUnreadable(type(error).__name__) from error
        raise FileUnreadable("too many redirects")

    async def _hop(self, url: str, most: int) -> bytes | str:
        """Return the content, or the address that this one leads to: each is judged anew, so that no token leaks."""
        headers = self._headers(urlsplit(url))
        async with self._session.get(url, headers=headers, allow_redirects=False, timeout=PATIENCE) as answer:
            if answer.status in {301, 302, 303, 307, 308}:
                return answer.headers.get("Location", "")
            if answer.status != 200:
                raise FileUnreadable(f"status {answer.status}")
            if answer.content_type == "text/html" and "filename" not in answer.headers.get("Content-Disposition", ""):
                raise FileUnreadable("a page instead of a file: the bot may lack the scope files:read")
            return await _all(answer, most)

    def _headers(self, url: SplitResult) -> dict[str, str]:
        """Return what is sent to an address; raise FileUnreadable where no file may come from it."""
        slacks = (url.scheme, url.netloc) == ("https", SLACKS) or (url.scheme, url.netloc) == self._api[:2]
        if slacks:
            return {"Authorization": f"Bearer {self._token}"}
        if any(_covers(host, url) for host in self._hosts):
            return {}
        raise FileUnreadable(f"{url.hostname} is not a host that files may come from")


def _covers(host: SplitResult, url: SplitResult) -> bool:
    return (url.scheme, url.netloc) == (host.scheme, host.netloc) and _below(host.path, unquote(url.path))


async def _all(answer: aiohttp.ClientResponse, most: int) -> bytes:
    """Read a body piece by piece, so that its size is known before it fills the memory."""
    content = bytearray()
    async for piece in answer.content.iter_chunked(64 * 1024):
        content += piece
        if len(content) > most:
            raise FileUnreadable(f"more than {most} bytes")
    return bytes(content)


def _below(base: str, path: str) -> bool:
    """Whether a path stands in the folder `base`; one that climbs stands nowhere."""
    return f"{path}/".startswith(f"{base.rstrip('/')}/") and ".." not in path.split("/")
