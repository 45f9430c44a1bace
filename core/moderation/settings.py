"""What an operator can set about moderation; a part of core.settings."""

import re
from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, Json, PositiveInt

OMNI = "omni-moderation-latest"  # OpenAI's, for text and images
HOW = ("endpoint", "judge", "list", "off")
KINDS = "user|role|channel|workspace"


def _listed(value: object) -> object:
    """Read `a, b` as a list of its parts."""
    return [part.strip() for part in value.split(",") if part.strip()] if isinstance(value, str) else value


def named(name: str, about: str, default: Any = None) -> Any:  # noqa: ANN401, RUF100 - a pydantic field takes any default
    """Declare a setting: its name in the environment, what it is for, and its default."""
    return Field(default=default, validation_alias=name, description=about)


def _known(how: tuple[str, ...]) -> tuple[str, ...]:
    if set(how) - set(HOW) or ("off" in how and len(how) > 1):
        raise ValueError(f"choose among {', '.join(HOW)}; several are listed with commas, and off stands alone")
    return how


def _ids(ids: tuple[str, ...]) -> tuple[str, ...]:
    if wrong := [each for each in ids if not re.fullmatch(rf"(?:{KINDS}):\S+", each)]:
        raise ValueError(f"entries look like user:U123, role:R1, channel:C1 or workspace:T1; {len(wrong)} do not")
    return ids


def _places(places: tuple[str, ...]) -> tuple[str, ...]:
    if any(not re.fullmatch(r"(?:slack|discord):\S+", each) for each in places):
        raise ValueError("entries look like slack:C123 or discord:123")
    return places


Listed = Annotated[tuple[str, ...], BeforeValidator(_listed)]
Seconds = Annotated[float, Field(gt=0, le=3600)]
Thresholds = dict[str, Annotated[float, Field(ge=0, le=1)]]
People = Annotated[Listed, AfterValidator(_ids)]


class ModerationSettings(BaseModel):
    """What is checked, by whom, how strictly, and what follows."""

    model_config = ConfigDict(frozen=True)

    moderation: Annotated[Listed, AfterValidator(_known)] = named(
        "CONFAB_MODERATION",
        "Who checks what is said: endpoint (its /moderations), judge (a chat model), list (the own one alone), off; "
        "several with commas",
        ("endpoint",),
    )
    moderation_url: str | None = named("CONFAB_MODERATION_URL", "The endpoint of /moderations, if not the model's")
    moderation_key: str | None = named("CONFAB_MODERATION_KEY", "Its key; the model's, if the URL is the model's, too")
    moderation_model: str = named("CONFAB_MODERATION_MODEL", "The moderation model's name there", OMNI)
    moderation_judge: str | None = named("CONFAB_MODERATION_JUDGE", "The chat model that judges, if not OPENAI_MODEL")
    moderation_thresholds: Json[Thresholds] = named(
        "CONFAB_MODERATION_THRESHOLDS",
        'From which score on a category is refused, as JSON: {"violence": 0.8}; empty: as the endpoint flags it',
        {},
    )
    moderation_words: Listed = named("CONFAB_MODERATION_WORDS", "Words and phrases that are refused, with commas", ())
    moderation_patterns: Json[tuple[str, ...]] | None = named(
        "CONFAB_MODERATION_PATTERNS", 'RE2 patterns that are refused, as JSON: ["PRJ-[0-9]{4}"]'
    )
    moderation_output: bool = named("CONFAB_MODERATION_OUTPUT", "Check answers as well as questions", default=True)
    moderation_strict: bool = named(
        "CONFAB_MODERATION_STRICT", "Send and show nothing before all of it is checked", default=False
    )
    moderation_unreachable: Literal["closed", "open"] = named(
        "CONFAB_MODERATION_UNREACHABLE",
        "When nobody can be asked: closed (wait, and say so) or open (answer)",
        "closed",
    )
    moderation_deadline: Seconds = named("CONFAB_MODERATION_DEADLINE", "Seconds for one check, retries included", 5.0)
    moderation_hold: Seconds = named("CONFAB_MODERATION_HOLD", "Seconds that a turn waits for a check at most", 300.0)
    moderation_keep_text: bool = named(
        "CONFAB_MODERATION_KEEP_TEXT", "Keep what was refused, and show it to moderators", default=False
    )
    moderation_violations: PositiveInt = named(
        "CONFAB_MODERATION_VIOLATIONS", "Refused questions within an hour that pause a person", 3
    )
    moderation_pause: Annotated[float, Field(ge=0)] = named(
        "CONFAB_MODERATION_PAUSE", "Seconds for which a person is paused", 600.0
    )
    moderators: Annotated[Listed, AfterValidator(_places)] = named(
        "CONFAB_MODERATORS", "Channels that hear of refusals: slack:C123, discord:123", ()
    )
    allow: People = named(
        "CONFAB_ALLOW", "Only these are served: user:U1, role:R1, channel:C1, workspace:T1, with commas", ()
    )
    deny: People = named("CONFAB_DENY", "These are not served, in the same form", ())


def misplaced(given: Mapping[str, str]) -> list[str]:
    """Say which moderation settings contradict each other."""
    has_list = given.get("CONFAB_MODERATION_WORDS") or given.get("CONFAB_MODERATION_PATTERNS")
    if given.get("CONFAB_MODERATION") == "list" and not has_list:
        return ["CONFAB_MODERATION is list, and neither CONFAB_MODERATION_WORDS nor CONFAB_MODERATION_PATTERNS is set."]
    return []
