"""Whether somebody who is sent what people say may train on it."""

from collections.abc import Mapping

from bots.doctor.check import Check
from bots.privacy import privacy_facts_of
from bots.settings import Settings
from core.errors import SettingsError

MEND = "Use a paid plan or forbid it there; platforms forbid to train on their messages. See docs/privacy.md."


async def check_privacy(settings: Settings, environ: Mapping[str, str]) -> list[Check]:
    """Return a warning for each endpoint whose terms let it train on what it is sent; nothing where there is none.

    `environ` is what the files of settings take variables from.
    """
    try:
        endpoints = privacy_facts_of(settings, environ).endpoints
    except SettingsError:
        return []  # of a file that cannot be read, `tools` tells
    noted = {each.host: each.note for each in endpoints if each.note}
    return [Check("privacy.training", "warn", f"{host}: {note}.", MEND) for host, note in noted.items()]
