"""What a source of tools is, and how its tools are named."""

import hashlib
import re
from collections.abc import Awaitable, Callable, Iterable, Sequence
from typing import Protocol

from core.tools.tool import Tool

LONGEST_NAME = 64  # characters (OpenAI API reference, `tools`)
UNNAMED = re.compile(r"[^a-zA-Z0-9_-]+")  # what no function's name holds (the same)
BETWEEN = "__"
LONGEST_SCHEMA = 20_000  # characters as JSON; a tool with more is not offered
REPORTED = "[The tool reports a failure]\n"  # stands before what it says of that, within the fence

Offer = Callable[[Sequence[Tool]], Awaitable[None]]
"""Takes all tools that a source has, whenever it has told of them."""


class SourceFailed(Exception):
    """A source that gives no tools; its text says why in a sentence of ours."""


class ToolSource(Protocol):
    """Where tools come from that may be gone, come back, and tell of others."""

    @property
    def name(self) -> str:
        """What the names of its tools begin with."""
        ...

    async def hold_open(self, offer: Offer) -> None:
        """Reach it, offer its tools, and go on until it is gone; raises SourceFailed."""
        ...


def qualify_name(source: str, tool: str) -> str:
    """Return under which name a source's tool is offered: `server__tool`, in letters that every endpoint takes.

    One that is too long ends in a hash, so that it stays another than its neighbour.
    """
    whole = f"{source}{BETWEEN}{tool}"
    name = UNNAMED.sub("_", whole)
    if len(name) <= LONGEST_NAME:
        return name
    ending = hashlib.sha256(whole.encode()).hexdigest()[:8]
    return f"{name[: LONGEST_NAME - 9]}_{ending}"


def is_listed(name: str, listed: Iterable[str]) -> bool:
    """Whether a source's tool is among those that are listed: by its name, or with all of its source (`github__*`)."""
    source = name.partition(BETWEEN)[0]
    return any(each in {name, f"{source}{BETWEEN}*"} for each in listed)
