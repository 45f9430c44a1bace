"""The table of what is looked at, all of it at once, each within its time."""

import asyncio
import json
import re
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, replace
from functools import partial

import structlog

from bots.doctor.check import Check, Examine, Surroundings
from bots.doctor.database import check_database
from bots.doctor.knowledge import check_knowledge
from bots.doctor.model import check_model
from bots.doctor.moderation import check_moderation
from bots.doctor.personas import check_personas
from bots.doctor.ports import check_ports
from bots.doctor.privacy import check_privacy
from bots.doctor.settings import check_settings
from bots.doctor.spending import check_spending
from bots.doctor.tool_sources import check_tool_sources
from bots.doctor.tools import check_tools
from bots.doctor.transcription import check_transcription
from bots.doctor.versions import check_versions
from bots.platforms import ChosenPlatform
from bots.settings import Settings

log = structlog.get_logger()

Subject = Callable[[Settings], Awaitable[list[Check]]]
PATIENCE = 90.0  # seconds for one subject
SUBJECTS: dict[str, Subject] = {
    "versions": check_versions,
    "database": check_database,
    "model": check_model,
    "moderation": check_moderation,
    "transcription": check_transcription,
    "tools": check_tools,
    "knowledge": check_knowledge,
    "spending": check_spending,
    "personas": check_personas,
    "ports": check_ports,
}
# Moderation tries itself then, and what a recording or a vector costs is not spent at every start.
AT_START = ("versions", "database", "model", "tools", "spending", "personas")
MARKS = {"ok": "ok  ", "warn": "warn", "fail": "FAIL"}
SHORTEST_SECRET = 4  # characters; less would be found in any word


async def examine(
    settings: Settings,
    subjects: Sequence[str] = tuple(SUBJECTS),
    *,
    is_running: bool = False,
    environ: Mapping[str, str] | None = None,
) -> list[Check]:
    """Return the checks of each platform that is on, and of these subjects. No secret stands in them.

    `is_running` says that the bot itself runs in this process, and reaches the sources of tools by itself; `environ` is
    what the files of settings take variables from.
    """

    def examine_platform(chosen: ChosenPlatform) -> Awaitable[list[Check]]:
        around = Surroundings(is_running, tuple(sorted(_named_channels(settings, chosen))))
        return _check_subject(chosen.offer.name, partial(chosen.offer.examine, chosen.settings, around))

    platforms = map(examine_platform, settings.platforms)
    others = [_check_subject(name, partial(SUBJECTS[name], settings)) for name in subjects]
    if not is_running:
        with_files = {"tools": check_tool_sources, "privacy": check_privacy}
        others += [_check_subject(name, partial(each, settings, environ or {})) for name, each in with_files.items()]
    found = await asyncio.gather(*platforms, *others)
    secrets = sorted(_secrets(settings), key=len, reverse=True)
    return [_without(secrets, check) for checks in found for check in checks]


async def log_examination(settings: Settings, environ: Mapping[str, str]) -> None:
    """Look once while the bot runs, and warn of what is to be mended; `environ` is what the settings were read from."""
    _, read = check_settings(environ, "")
    for check in [*read, *await examine(settings, AT_START, is_running=True)]:
        if check.outcome != "ok":
            log.warning("something to mend", check=check.name, detail=check.sentence, hint=check.mend)


def format_checks(checks: Sequence[Check], *, as_json: bool) -> str:
    """Return what was found, a line or two a check, or as JSON."""
    if as_json:
        return json.dumps({"well": is_well(checks), "checks": [asdict(each) for each in checks]}, indent=2)
    lines = [f"{MARKS[each.outcome]}  {each.name}: {each.sentence}" for each in checks]
    mends = [f"\n      -> {each.mend}" if each.outcome != "ok" else "" for each in checks]
    return "\n".join(f"{line}{mend}" for line, mend in zip(lines, mends, strict=True))


def is_well(checks: Sequence[Check]) -> bool:
    """Whether nothing is to be mended."""
    return all(each.outcome == "ok" for each in checks)


async def _check_subject(name: str, check: Examine) -> list[Check]:
    try:
        async with asyncio.timeout(PATIENCE):
            return await check()
    except TimeoutError:
        return [Check(name, "fail", f"Looking took longer than {PATIENCE:.0f} seconds.", "Look at what it waits for.")]
    except Exception as error:  # noqa: BLE001 - one subject that cannot be looked at does not hide the others
        told = f"It could not be looked at ({type(error).__name__})."
        return [Check(name, "fail", told, "Please report this, with what the other lines say.")]


def _named_channels(settings: Settings, chosen: ChosenPlatform) -> set[str]:
    """Return the channels of a platform that CONFAB_CHANNELS and CONFAB_MODERATORS name, with its name or without."""
    prefix, (pattern, _) = f"{chosen.offer.name}:", chosen.settings.channel
    named = [*settings.conversations.channels, *settings.moderation.moderators]
    bare = (each.rpartition(":")[2] if each.startswith(prefix) else each for each in named)
    return {each for each in bare if re.fullmatch(pattern, each)}


def _secrets(settings: Settings) -> Iterator[str]:
    """Yield the values that are not to be printed."""
    for section in settings.sections_in_use():
        fields = type(section).model_fields.items()
        yield from (str(getattr(section, each)) for each, field in fields if not field.repr)
    yield from (each.api_key for each in settings.transcription.further)


def _without(secrets: Sequence[str], check: Check) -> Check:
    told, mend = check.sentence, check.mend
    for secret in secrets:
        if len(secret) >= SHORTEST_SECRET:
            told, mend = told.replace(secret, "(secret)"), mend.replace(secret, "(secret)")
    return replace(check, sentence=told, mend=mend)
