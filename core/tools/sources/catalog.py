"""What all sources offer just now: pinned to what each tool said of itself at first, and checked by moderation."""

import asyncio
import json
from collections.abc import Iterable, Mapping, Sequence

import structlog

from core.messages import ConversationKey
from core.moderation.log import Subject
from core.moderation.moderation import Moderation
from core.moderation.verdict import Sample
from core.storage.store import Store
from core.storage.tool_pins import pin_tools
from core.tools.tool import Tool, ToolSpec

log = structlog.get_logger()

BEGINNING = 10.0  # seconds that a question waits at the most for sources that were not tried yet
ABOUT = Subject(ConversationKey("", "", "", ""), "tool source")
HELD_HINT = "It says something else of itself than before: see `python -m bots tools`."


class ToolCatalog:
    """The tools of all sources by name. What a tool says of itself is pinned: once changed, it is not offered."""

    def __init__(self, store: Store, guard: Moderation | None = None, expected: Iterable[str] = ()) -> None:
        """`expected` names the sources that are tried at the start."""
        self._store = store
        self._checks = guard if guard and guard.is_checking else None
        self._listed: dict[str, Sequence[Tool]] = {}
        self._offered: dict[str, dict[str, Tool]] = {}
        self._clean: dict[str, set[str]] = {}  # what each source's tools said last that has passed its check
        self._held: dict[str, set[tuple[str, str]]] = {}  # what was told of in the log already
        self._untried = set(expected)
        self._changed = asyncio.Event()

    @property
    def tools(self) -> Mapping[str, Tool]:
        """What is offered just now, by name."""
        return {name: tool for tools in self._offered.values() for name, tool in tools.items()}

    async def wait_until_tried(self) -> None:
        """Wait until each source was tried once, for BEGINNING seconds at the most, and no more from then on."""
        try:
            async with asyncio.timeout(BEGINNING):
                while self._untried:
                    self._changed.clear()
                    await self._changed.wait()
        except TimeoutError:
            self._untried.clear()

    async def take_tools(self, source: str, tools: Sequence[Tool]) -> None:
        """Offer what a source has, in place of what it had before; raises StorageUnavailable."""
        told = {tool.spec.name: describe_spec(tool.spec) for tool in tools}
        pinned = await self._store.run(lambda db: pin_tools(db, source, told))
        held = {(name, text) for name, text in told.items() if name not in pinned}
        for name, _ in sorted(held - self._held.get(source, set())):
            log.warning("tool held", tool=name, hint=HELD_HINT)
        self._held[source] = held
        clean = await self._find_clean(source, {name: told[name] for name in pinned})
        self._listed[source] = tools
        self._offered[source] = {tool.spec.name: tool for tool in tools if tool.spec.name in clean}
        self._note_tried(source)

    async def look_again(self) -> None:
        """Offer what the operator has accepted meanwhile."""
        for source, tools in list(self._listed.items()):
            await self.take_tools(source, tools)

    def drop_source(self, source: str) -> None:
        """Offer nothing of a source that is gone."""
        self._listed.pop(source, None)
        self._offered.pop(source, None)
        self._note_tried(source)

    async def _find_clean(self, source: str, told: Mapping[str, str]) -> set[str]:
        """Return the names of the tools of a source of which the model may be told what they say."""
        clean = self._clean.get(source, set()) & set(told.values())
        new = [text for text in dict.fromkeys(told.values()) if text not in clean]
        if self._checks and new:
            found = await self._checks.find_clean("tool", [Sample(text) for text in new], ABOUT)
            clean |= {text for text, is_clean in zip(new, found, strict=True) if is_clean}
        self._clean[source] = clean
        return {name for name, text in told.items() if text in clean or not self._checks}

    def _note_tried(self, source: str) -> None:
        self._untried.discard(source)
        self._changed.set()


def describe_spec(spec: ToolSpec) -> str:
    """Return what a tool says of itself, as JSON that differs where anything in it does."""
    told = {
        "description": spec.description,
        "parameters": spec.parameters,
        "read_only": spec.is_read_only,
        "idempotent": spec.is_idempotent,
    }
    return json.dumps(told, sort_keys=True, ensure_ascii=False)
