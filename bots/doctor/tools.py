"""What the model may look things up with, as the settings have it."""

from collections.abc import Iterator
from difflib import get_close_matches

from bots.doctor.check import Check
from bots.settings import Settings
from core.policy import BUILT_IN


async def check_tools(settings: Settings) -> list[Check]:
    """Return which tools the model has, everywhere and in channels that differ, and each name that is none."""
    everywhere = settings.conversations.tools
    differing = {
        channel: own.tools
        for channel, own in settings.conversations.channels.items()
        if "tools" in own.model_fields_set and own.tools != everywhere
    }
    told = [_names(everywhere), *(f"in {channel} {_names(names)}" for channel, names in sorted(differing.items()))]
    listed = dict.fromkeys(name for names in (everywhere, *differing.values()) for name in names)
    return [Check("tools.offered", "ok", f"The model may use {'; '.join(told)}."), *_unknown(listed)]


def _names(names: tuple[str, ...]) -> str:
    return ", ".join(name for name in names if name in BUILT_IN) or "no tool"


def _unknown(names: dict[str, None]) -> Iterator[Check]:
    for name in names:
        if name not in BUILT_IN:
            near = get_close_matches(name, BUILT_IN, n=1)
            mend = f"Did you mean {near[0]}?" if near else f"There are {', '.join(BUILT_IN)}."
            yield Check("tools.names", "warn", f"CONFAB_TOOLS names {name[:40]}, which is no tool here.", mend)
