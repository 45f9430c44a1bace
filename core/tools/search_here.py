"""The tool `search_here`: what was said in this channel, as far as the bot took part in it."""

import time
from collections.abc import Callable

from core.messages import Author, ConversationKey
from core.sanitize import format_said
from core.storage.said import SaidLine, find_said
from core.storage.store import Store
from core.tools.tool import Arguments, CallContext, Tool, ToolFailed, ToolResult, ToolSpec, object_schema

MOST = 10  # lines that are found
LONGEST = 600  # characters of each
WORDS = 8  # of a query that are looked for

SPEC = ToolSpec(
    "search_here",
    "Searches what was said to you or by you in this channel before, also in its other threads.",
    object_schema({"query": "Words that must all stand in a message"}),
    is_read_only=True,
    is_passing=True,
)


Silences = Callable[[ConversationKey, Author], bool]
"""Tells whether nothing is read in a conversation of what a person says: denied or paused."""


def _silences_nobody(_: ConversationKey, __: Author) -> bool:
    return False


class ChannelSearch:
    """Looks into the store; never beyond the channel in which it is asked, nor at people whom something `silences`."""

    def __init__(self, store: Store, silences: Silences = _silences_nobody) -> None:
        self._store = store
        self._silences = silences

    @property
    def search_tool(self) -> Tool:
        """The tool."""
        return Tool(SPEC, self.search_channel)

    async def search_channel(self, arguments: Arguments, context: CallContext) -> ToolResult:
        """Return the newest messages of the channel that hold all words of a query; raises ToolFailed."""
        words = arguments["query"].casefold().split()[:WORDS]
        if not words:
            raise ToolFailed("the query has no word")
        found = await self._store.run(lambda db: find_said(db, context.key, words))
        read = [line for line in found if not self._silences(context.key, Author(line.author_id, ""))]
        return ToolResult("\n\n".join(map(_format_line, read[-MOST:])) or "Nothing was found.", "this channel")


def _format_line(line: SaidLine) -> str:
    at = time.strftime("%Y-%m-%d %H:%M", time.gmtime(line.sent_at))
    text = line.text if len(line.text) <= LONGEST else f"{line.text[:LONGEST]}…"
    who = (line.author_name or "somebody") if line.author_id else "you, the bot"
    return f"({at} UTC) {format_said(who, text)}"
