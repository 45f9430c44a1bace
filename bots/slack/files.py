"""Files that came with a message in Slack, for which the bot's token goes to Slack alone, and Slack's transcripts."""

import asyncio
from collections.abc import AsyncGenerator, Mapping, Sequence
from dataclasses import replace
from typing import Any
from urllib.parse import SplitResult, urlsplit

import aiohttp
import structlog

from bots.downloads import Downloads, is_below, parse_bases
from bots.slack.calls import SlackCalls, SlackRefusal
from bots.slack.payload_values import mapping_at
from bots.slack.post_text import is_stub, read_file_info
from core.messages import MOST_FILES, Attachment

log = structlog.get_logger()

SLACKS = "files.slack.com"  # Slack docs, Working with files: `url_private` needs the bot's token, and is served there
FILE_HINT = "Files come from Slack with the scope files:read, and from the hosts of CONFAB_FILE_HOSTS."
UNKNOWN_FILE = "a shared file"
LOOKS = 6  # at a clip whose transcript is being made
PAUSE = 2.0  # seconds between them


class SlackFiles:
    """Fetches files; `api_url` is where Slack's Web API is, `hosts` are further hosts or base URLs."""

    def __init__(self, session: aiohttp.ClientSession, token: str, api_url: str, hosts: Sequence[str]) -> None:
        self._downloads = Downloads(session, self._headers_for, FILE_HINT)
        self._token = token
        self._api = urlsplit(api_url)
        self._bases = parse_bases(hosts)

    def read_chunks(self, url: str, most: int) -> AsyncGenerator[bytes, None]:
        """Yield a file's content; raise FileUnreadable where it is not to be had, or has more than `most` bytes."""
        return self._downloads.read_chunks(url, most)

    def _headers_for(self, url: SplitResult) -> Mapping[str, str] | None:
        """Return what is sent to an address, None where no file may come from it."""
        slacks = (url.scheme, url.netloc) == ("https", SLACKS) or (url.scheme, url.netloc) == self._api[:2]
        if slacks:
            return {"Authorization": f"Bearer {self._token}"}
        return {} if any(is_below(base, url) for base in self._bases) else None


async def identify_files(calls: SlackCalls, files: Sequence[Attachment]) -> tuple[Attachment, ...]:
    """Return files as they are; those of which only the id came, as in a channel shared with others, are asked for.

    (Slack docs, Slack Connect, `check_file_info`.) Of many only the first: no more of a message are read.
    """
    asked = [await _identify_file(calls, file) for file in files[:MOST_FILES]]
    return (*asked, *files[MOST_FILES:])


async def _identify_file(calls: SlackCalls, file: Attachment) -> Attachment:
    """Return a file; one that is not to be had under a name, since it cannot be fetched either."""
    if not is_stub(file):
        return file
    try:
        answer = await calls.query("files.info", {"file": file.id})
    except SlackRefusal as error:
        log.info("file not known", code=error.code)
        return replace(file, name=file.name or UNKNOWN_FILE, media_type="text/plain")
    found = read_file_info(mapping_at(answer, "file"))
    return found or replace(file, name=file.name or UNKNOWN_FILE, media_type="text/plain")


async def fetch_own_transcript(calls: SlackCalls, file: str) -> str:
    """Return the whole transcript; empty where there is none, or only its beginning, or not within some seconds."""
    for look in range(LOOKS):
        try:
            answer = await calls.query("files.info", {"file": file})
        except SlackRefusal:
            return ""
        told = answer["file"].get("transcription") or {}
        if told.get("status") != "processing":
            return _complete_text(told)
        if look + 1 < LOOKS:
            await asyncio.sleep(PAUSE)
    return ""


def _complete_text(told: dict[str, Any]) -> str:
    preview = told.get("preview") or {}
    is_whole = told.get("status") == "complete" and not preview.get("has_more")
    return str(preview.get("content") or "").strip() if is_whole else ""
