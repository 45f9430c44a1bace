"""The list of what can be looked up, as people and operators read it, and how one of it is taken away."""

import re
import time
from collections.abc import Awaitable, Callable, Sequence

from core.messages import Message
from core.sanitize import sanitize_name
from core.storage import knowledge
from core.storage.knowledge import ListedSource
from core.storage.passages import View
from core.storage.store import Store

MOST_LISTED = 30  # in a chat
REMOVED = re.compile(r"\bsources\s{1,9}(?:remove\s{1,9})?#?(\d{1,15})\s*+$", re.IGNORECASE)  # behind a mention, too

NONE = "_Nothing can be looked up here yet._"
GONE = "_That is no longer looked up._"
UNKNOWN = "_There is no source of that number here: `sources` lists them._"
NOT_YOURS = "_Only who put it in, or an administrator of mine, takes it away. Deleting the message does so, too._"


class SourceList:
    """Answers the command `sources`, with what everybody may read where it is given."""

    def __init__(
        self,
        store: Store,
        view_of: Callable[[Message], Awaitable[View]],
        may_remove: Callable[[Message], bool],
    ) -> None:
        """`may_remove` tells whether who gives a command may take away what others put in."""
        self._store = store
        self._view_of = view_of
        self._may_remove = may_remove

    async def answer_command(self, message: Message) -> str:
        """Return the list, or what became of the source that is to be taken away."""
        view = await self._view_of(message)
        found = await self._store.run(lambda db: knowledge.list_sources(db, view.condition, view.values))
        if not (number := REMOVED.search(message.text)):
            return format_sources(found)
        named = [each for each in found if each.seq == int(number[1])]
        if not named:
            return UNKNOWN
        if named[0].author_id != message.author.id and not self._may_remove(message):
            return NOT_YOURS
        await self._store.run(lambda db: knowledge.delete_source(db, named[0].seq))
        return GONE


def format_sources(found: Sequence[ListedSource]) -> str:
    """Return the list in Markdown, the newest first."""
    if not found:
        return NONE
    lines = [f"- **{each.seq}** `{sanitize_name(each.name)}`: {describe_source(each)}" for each in found[:MOST_LISTED]]
    if further := len(found) - MOST_LISTED:
        lines += [f"- and {further} older ones"] if further > 0 else []
    return "\n".join(["What can be looked up here:", "", *lines, "", "`sources remove 12` takes one away."])


def describe_source(source: ListedSource) -> str:
    """Return a source's state and size, who put it in and when."""
    who = sanitize_name(source.author_name) if source.author_name else source.author_id or "the operator"
    size = f"{source.characters:,} characters" if source.state == "indexed" else ""
    at = time.strftime("%Y-%m-%d", time.gmtime(source.posted_at))
    return ", ".join(filter(None, (source.state, size, f"by {who}", at, source.detail)))
