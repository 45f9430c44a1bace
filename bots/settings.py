"""Joins core's sections of settings with each platform's and with those of the process."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar, Literal, Self

from pydantic import Field

from bots.http_settings import HttpSettings
from bots.platforms import PLATFORMS, ChosenPlatform, PlatformOffer
from core.errors import SettingsError
from core.policy import OF_WORKSPACE
from core.setting_fields import Port, Section, setting_field
from core.settings import CoreSettings, example_of, names_of, read_sections, sections_of

FIRST = ("OPENAI_API_KEY", "OPENAI_BASE_URL", "OPENAI_MODEL", "CONFAB_INSTRUCTIONS", "CONFAB_DATABASE")


class ProcessSettings(Section):
    """How the process logs and stops; `grace` is in seconds."""

    title: ClassVar[str] = "The process"

    grace: Annotated[float, Field(ge=0, le=600)] = setting_field(
        "CONFAB_GRACE", "Seconds to finish answers when stopped", 20.0
    )
    check_at_start: bool = setting_field(
        "CONFAB_CHECK_AT_START", "Look at the start whether all is well, as `python -m bots doctor` does", default=True
    )
    log_level: Literal["debug", "info", "warning", "error"] = setting_field(
        "CONFAB_LOG_LEVEL", "debug, info, warning, error", "info"
    )
    log_format: Literal["text", "json"] = setting_field(
        "CONFAB_LOG_FORMAT", "text for people, json for machines", "text"
    )
    sandbox_port: Port = setting_field(
        "CONFAB_SANDBOX_PORT", "Where `make run` shows its pretend workspace; 0 means any port", 8090
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings(CoreSettings):
    """Everything that the environment can say; `platforms` are those that are on, in the list's order."""

    platforms: tuple[ChosenPlatform, ...]
    http: HttpSettings
    process: ProcessSettings

    @classmethod
    def load(cls, environ: Mapping[str, str], offers: Sequence[PlatformOffer] = PLATFORMS) -> Self:
        """Read the settings from names and values, an empty one as absent; raise SettingsError with every fault.

        A platform is on where one of its tokens is there.
        """
        given = {name: value.strip() for name, value in environ.items() if value.strip()}
        read, faults = read_sections(cls.sections(offers), given)
        found: dict[str, Any] = dict(read)
        wanted = [offer for offer in offers if offer.section.is_wanted(given)]
        faults = [*_find_missing(wanted, offers, given), *faults, *_find_strange_places(found, offers)]
        if faults:
            raise SettingsError(faults)
        decided = {"needs_roles": found["moderation"].names_roles}
        sections = {offer.name: found.pop(offer.name).model_copy(update=decided) for offer in offers}
        return cls(platforms=tuple(ChosenPlatform(each, sections[each.name]) for each in wanted), **found)

    @classmethod
    def sections(cls, offers: Sequence[PlatformOffer] = PLATFORMS) -> dict[str, type[Section]]:
        """Return each section by its name, in the order of `.env.example`."""
        own = sections_of(cls)
        return {**sections_of(CoreSettings), **{each.name: each.section for each in offers}, **own}

    @classmethod
    def names(cls) -> list[str]:
        """Return every setting's name in the environment."""
        return names_of(cls.sections().values())

    @classmethod
    def example(cls, offers: Sequence[PlatformOffer] = PLATFORMS) -> str:
        """Return the text of `.env.example`, the settings that matter first at its head."""
        first = [names[0] for each in offers for names in each.section.needs]
        return example_of(cls.sections(offers).values(), [*first, *FIRST])

    def sections_in_use(self) -> Iterator[Section]:
        """Yield every section that is in use, with what was read into it."""
        yield from (getattr(self, name) for name in sections_of(type(self)))
        yield from (each.settings for each in self.platforms)


def _find_missing(
    wanted: Sequence[PlatformOffer], offers: Sequence[PlatformOffer], given: Mapping[str, str]
) -> list[str]:
    """Return a sentence for each token that is missing; where no platform is wanted, those of all of them."""
    missing = [fault for offer in wanted or offers for fault in offer.section.find_missing(given)]
    titles = " or ".join(offer.section.title for offer in offers)
    return missing if wanted else [f"No platform is set up; one is enough: {titles}.", *missing]


def _find_strange_places(found: Mapping[str, Any], offers: Sequence[PlatformOffer]) -> list[str]:
    """Return a sentence for each setting that names channels, where one of them is none on any platform."""
    channels = {offer.name: offer.section.channel[0] for offer in offers}
    prefixed = "|".join(f"{name}:{pattern}" for name, pattern in channels.items())
    placed = "|".join(f"{name}:[^:]+:{pattern}" for name, pattern in channels.items())
    bare = "|".join(channels.values())
    forms = " or ".join(f"{offer.name}:{offer.section.channel[1]}" for offer in offers)
    named = {
        "CONFAB_MODERATORS": (prefixed, getattr(found.get("moderation"), "moderators", ())),
        "CONFAB_USAGE_DIGEST": (f"{prefixed}|{placed}", getattr(found.get("spending"), "digest", ())),
        "CONFAB_CHANNELS": (
            f"{prefixed}|{placed}|{bare}|{OF_WORKSPACE}[^:]+",
            getattr(found.get("conversations"), "channels", ()),
        ),
    }
    return [
        f"{name}: a channel looks like {forms}."
        for name, (pattern, places) in named.items()
        if any(not re.fullmatch(pattern, place) for place in places)
    ]
