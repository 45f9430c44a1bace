"""Whether who the bot is to be is somebody that it knows; nothing is said where that is so."""

import asyncio
from contextlib import closing
from difflib import get_close_matches

from bots.doctor.check import Check
from bots.settings import Settings
from core.storage.connection import Connection
from core.storage.personas import NOBODY, find_personas, search_personas

MOST_TOLD = 200  # names that are looked through for one that is like it


async def check_personas(settings: Settings) -> list[Check]:
    """Return each name in CONFAB_PERSONA and CONFAB_CHANNELS that no persona has, or several have."""
    policies = settings.conversations.list_policies()
    wanted = sorted({each.persona for each in policies if each.persona and each.persona != NOBODY})
    if not wanted:
        return []
    return await asyncio.to_thread(_check_names, settings, wanted)


def _check_names(settings: Settings, wanted: list[str]) -> list[Check]:
    if not settings.storage.path.is_file():
        return [_unknown(name, []) for name in wanted]
    with closing(Connection(settings.storage.path, settings.storage.read_key(), read_only=True)) as connection:
        known = [each.name for each in search_personas(connection, "", MOST_TOLD)]
        counts = {name: len(find_personas(connection, name)) for name in wanted}
    several = [name for name, count in counts.items() if count > 1]
    told = "Name it with its number, as `python -m bots personas list` tells it."
    return [
        *(_unknown(name, known) for name, count in counts.items() if not count),
        *(Check("personas.names", "warn", f"Several personas are called {name}.", told) for name in several),
    ]


def _unknown(name: str, known: list[str]) -> Check:
    near = get_close_matches(name, known, n=1)
    mend = f"Did you mean {near[0]}?" if near else "`python -m bots personas import FILE…` takes one in."
    return Check("personas.names", "warn", f"No persona is called {name}: the bot is itself there.", mend)
