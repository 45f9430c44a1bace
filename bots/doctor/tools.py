"""What the model may look things up with, as the settings have it."""

from collections.abc import Iterator, Sequence
from difflib import get_close_matches

from bots.doctor.check import Check
from bots.settings import Settings
from core.policy import BUILT_IN
from core.tools.sources.source import BETWEEN


async def check_tools(settings: Settings) -> list[Check]:
    """Return which tools the model has, everywhere and in channels that differ, and each name that is none."""
    everywhere = settings.conversations.tools
    differing = {
        channel: own.tools
        for channel, own in settings.conversations.channels.items()
        if "tools" in own.model_fields_set and own.tools != everywhere
    }
    built_in = [name for name in BUILT_IN if name != "web_search" or settings.tools.can_search_web]
    told = [_names(everywhere, built_in)]
    told += [f"in {channel} {_names(names, built_in)}" for channel, names in sorted(differing.items())]
    listed = dict.fromkeys(name for names in (everywhere, *differing.values()) for name in names)
    return [Check("tools.offered", "ok", f"The model may use {'; '.join(told)}."), *_unknown(listed)]


def _names(names: tuple[str, ...], built_in: Sequence[str]) -> str:
    """Return which tools there are among these names, those of sources with the others."""
    return ", ".join(name for name in names if name in built_in or BETWEEN in name) or "no tool"


def _unknown(names: dict[str, None]) -> Iterator[Check]:
    for name in names:
        if name not in BUILT_IN and BETWEEN not in name:
            near = get_close_matches(name, BUILT_IN, n=1)
            mend = f"Did you mean {near[0]}?" if near else f"There are {', '.join(BUILT_IN)}."
            yield Check("tools.names", "warn", f"CONFAB_TOOLS names {name[:40]}, which is no tool here.", mend)
