"""Files that came with a message in Slack: the bot's token goes to Slack alone."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from urllib.parse import SplitResult, urlsplit

import aiohttp

from bots.downloads import Downloads, bases, covers

SLACKS = "files.slack.com"  # Slack docs, Working with files: `url_private` needs the bot's token, and is served there


class Files:
    """Fetches files; `api_url` is where Slack's Web API is, `hosts` are further hosts or base URLs."""

    def __init__(self, session: aiohttp.ClientSession, token: str, api_url: str, hosts: Sequence[str]) -> None:
        self._downloads = Downloads(session, self._headers)
        self._token = token
        self._api = urlsplit(api_url)
        self._bases = bases(hosts)

    async def fetch(self, url: str, most: int) -> bytes:
        """Return a file's content; raise FileUnreadable where it is not to be had, or has more than `most` bytes."""
        return await self._downloads.fetch(url, most)

    async def save(self, url: str, path: Path, most: int) -> str:
        """Write a file's content to `path`; return its SHA-256 in hex. Raises as `fetch` does."""
        return await self._downloads.save(url, path, most)

    def _headers(self, url: SplitResult) -> Mapping[str, str] | None:
        """Return what is sent to an address, None where no file may come from it."""
        slacks = (url.scheme, url.netloc) == ("https", SLACKS) or (url.scheme, url.netloc) == self._api[:2]
        if slacks:
            return {"Authorization": f"Bearer {self._token}"}
        return {} if any(covers(base, url) for base in self._bases) else None
