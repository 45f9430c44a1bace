"""The list of what can be looked up, as people and operators read it, and how one of it is taken away."""

import re
import time
from collections.abc import Awaitable, Callable, Sequence
from html import unescape

from core.messages import Message
from core.sanitize import sanitize_name
from core.storage import knowledge
from core.storage.knowledge import ListedSource, NewSource
from core.storage.passages import View
from core.storage.store import Store

MOST_LISTED = 30  # in a chat
MOST_LINKS = 200  # of a channel
LONGEST_NAME = 200  # characters of an address that stands for a page
REMOVED = re.compile(r"\bsources\s{1,9}(?:remove\s{1,9})?#?(\d{1,15})\s*+$", re.IGNORECASE)  # behind a mention, too
ADDED = re.compile(r"\bsources\s{1,9}add\s{1,9}<?(https?://[^\s<>|]{1,2000})(?:\|[^<>]{0,2000})?>?\s*+$", re.IGNORECASE)
SILENCED = re.compile(r"\bsources\s{1,9}remove\s{1,9}conversation\s*+$", re.IGNORECASE)

NONE = "_Nothing can be looked up here yet._"
GONE = "_That is no longer looked up._"
UNKNOWN = "_There is no source of that number here: `sources` lists them._"
WAITS = "_It is read now, and can be looked up here then: `sources` tells when._"
FULL = "_So many links can be looked up here that there is no room for another one: `sources remove 12` makes some._"
HOW_TO = "`sources remove 12` takes one away, and `sources add https://…` adds a page."
FORGOTTEN = "_What was said here so far is no longer looked up._"
NOT_YOURS = "_Only who put it in, or an administrator of mine, takes it away. Deleting the message does so, too._"


class SourceList:
    """Answers the command `sources`, with what everybody may read where it is given."""

    def __init__(
        self,
        store: Store,
        view_of: Callable[[Message], Awaitable[View]],
        may_remove: Callable[[Message], bool],
        wake: Callable[[], None],
    ) -> None:
        """`may_remove` tells whether who gives a command may take away what others put in; `wake` has links read."""
        self._wake = wake
        self._store = store
        self._view_of = view_of
        self._may_remove = may_remove

    async def answer_command(self, message: Message) -> str:
        """Return the list, or what became of the source that is to be taken away."""
        view = await self._view_of(message)
        found = await self._store.run(lambda db: knowledge.list_sources(db, view.condition, view.values))
        if added := ADDED.search(message.text):
            return await self._add_link(message, unescape(added[1]), found)
        if SILENCED.search(message.text):
            return await self._drop_conversation(message, found)
        if not (number := REMOVED.search(message.text)):
            return format_sources(found)
        named = [each for each in found if each.seq == int(number[1])]
        if not named:
            return UNKNOWN
        if named[0].author_id != message.author.id and not self._may_remove(message):
            return NOT_YOURS
        await self._store.run(lambda db: knowledge.delete_source(db, named[0].seq))
        return GONE

    async def _add_link(self, message: Message, url: str, found: Sequence[ListedSource]) -> str:
        """Let the page at an address be looked up where it is asked for; one that is there is read anew."""
        links = {each.file_id for each in found if each.kind == "link" and each.key.channel == message.key.channel}
        if len(links) >= MOST_LINKS and url not in links:
            return FULL
        name = url.partition("://")[2].partition("?")[0].rstrip("/")[:LONGEST_NAME]
        key, author, closed = message.key, message.author.id, message.is_closed
        link = NewSource(key, "", url, "link", name, author, message.sent_at, url, closed, url)
        await self._store.run(lambda db: knowledge.put_in_link(db, link))
        self._wake()
        return WAITS

    async def _drop_conversation(self, message: Message, found: Sequence[ListedSource]) -> str:
        """Take away what was said where an administrator asks for it, as far as it can be seen there."""
        if not self._may_remove(message):
            return NOT_YOURS
        here = [each.seq for each in split_off_exchanges(found)[1] if each.key.channel == message.key.channel]
        await self._store.run(lambda db: [knowledge.delete_source(db, seq) for seq in here])
        return FORGOTTEN


def split_off_exchanges(found: Sequence[ListedSource]) -> tuple[list[ListedSource], list[ListedSource]]:
    """Return what was put in, and apart from it the exchanges of conversations, which are listed as one."""
    return [each for each in found if each.kind != "chat"], [each for each in found if each.kind == "chat"]


def format_sources(found: Sequence[ListedSource]) -> str:
    """Return the list in Markdown, the newest first."""
    if not found:
        return NONE
    files, exchanges = split_off_exchanges(found)
    lines = [f"- **{each.seq}** {_name_of(each)}: {describe_source(each)}" for each in files[:MOST_LISTED]]
    if (further := len(files) - MOST_LISTED) > 0:
        lines.append(f"- and {further} older ones")
    if exchanges:
        lines.append(f"- what was said: {describe_conversation(exchanges)}")
    return "\n".join(["What can be looked up here:", "", *lines, "", HOW_TO])


def _name_of(source: ListedSource) -> str:
    """Return what a source is called; one that was not read, and so not checked either, has no name to show."""
    return f"`{sanitize_name(source.name)}`" if source.state == "indexed" else "a file"


def describe_conversation(exchanges: Sequence[ListedSource]) -> str:
    """Return how much was said in these exchanges, and since when."""
    size = sum(each.characters for each in exchanges)
    since = time.strftime("%Y-%m-%d", time.gmtime(min(each.posted_at for each in exchanges)))
    return f"{len(exchanges):,} exchanges, {size:,} characters, since {since}"


def describe_source(source: ListedSource) -> str:
    """Return a source's state and size, who put it in and when."""
    who = sanitize_name(source.author_name) if source.author_name else source.author_id or "the operator"
    size = f"{source.characters:,} characters" if source.state == "indexed" else ""
    at = time.strftime("%Y-%m-%d", time.gmtime(source.posted_at))
    return ", ".join(filter(None, (source.state, size, f"by {who}", at, source.detail)))
