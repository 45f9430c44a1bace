"""What an operator can set about moderation."""

import re
from collections.abc import Mapping
from typing import Annotated, ClassVar, Literal

from pydantic import AfterValidator, Field, PositiveInt

from core.moderation.access import ROLE
from core.setting_fields import AS_JSON, URL, CommaList, Seconds, Section, setting_field

OMNI = "omni-moderation-latest"  # OpenAI's, for text and images
HOW = ("auto", "endpoint", "judge", "list", "off")
ALONE = {"auto", "off"}
KINDS = "user|role|channel|workspace"


def _check_kinds(how: tuple[str, ...]) -> tuple[str, ...]:
    if set(how) - set(HOW) or (ALONE & set(how) and len(how) > 1):
        raise ValueError(f"choose among {', '.join(HOW)}; several are listed with commas, auto and off stand alone")
    return how


def _ids(ids: tuple[str, ...]) -> tuple[str, ...]:
    if wrong := [each for each in ids if not re.fullmatch(rf"(?:{KINDS}):\S+", each)]:
        raise ValueError(f"entries look like user:U123, role:R1, channel:C1 or workspace:T1; {len(wrong)} do not")
    return ids


People = Annotated[CommaList, AfterValidator(_ids)]


class ModerationSettings(Section):
    """What is checked, by whom, how strictly, and what follows.

    `output` checks answers at all. `first_window` and `later_window` are the seconds of stream in the first window of
    an answer and in each later one. All times are in seconds.
    """

    title: ClassVar[str] = "Moderation"

    checkers: Annotated[CommaList, AfterValidator(_check_kinds)] = setting_field(
        "CONFAB_MODERATION",
        "Who checks what is said: auto (whoever is there), endpoint (its /moderations), judge (a chat model), list "
        "(the own one alone), off; several with commas",
        ("auto",),
    )
    url: str = setting_field(
        "CONFAB_MODERATION_URL", "The endpoint of /moderations, if not the model's", "", begins=URL
    )
    key: str = setting_field(
        "CONFAB_MODERATION_KEY", "Its key; the model's, if the URL is the model's, too", "", secret=True
    )
    model: str = setting_field("CONFAB_MODERATION_MODEL", "The moderation model's name there", OMNI)
    judge: str = setting_field("CONFAB_MODERATION_JUDGE", "The chat model that judges, if not OPENAI_MODEL", "")
    words: CommaList = setting_field("CONFAB_MODERATION_WORDS", "Words and phrases that are refused, with commas", ())
    patterns: Annotated[tuple[str, ...], AS_JSON] = setting_field(
        "CONFAB_MODERATION_PATTERNS", 'RE2 patterns that are refused, as JSON: ["PRJ-[0-9]{4}"]', ()
    )
    output: bool = setting_field("CONFAB_MODERATION_OUTPUT", "Check answers as well as questions", default=True)
    unreachable: Literal["closed", "open"] = setting_field(
        "CONFAB_MODERATION_UNREACHABLE",
        "When nobody can be asked: closed (wait, and say so) or open (answer)",
        "closed",
    )
    deadline: Seconds = setting_field("CONFAB_MODERATION_DEADLINE", "Seconds for one check, retries included", 5.0)
    hold: Seconds = setting_field("CONFAB_MODERATION_HOLD", "Seconds that a turn waits for a check at most", 300.0)
    keep_text: bool = setting_field(
        "CONFAB_MODERATION_KEEP_TEXT", "Keep what was refused, and show it to moderators", default=False
    )
    violations: PositiveInt = setting_field(
        "CONFAB_MODERATION_VIOLATIONS", "Refused questions within an hour that pause a person", 3
    )
    pause: Annotated[float, Field(ge=0)] = setting_field(
        "CONFAB_MODERATION_PAUSE", "Seconds for which a person is paused", 600.0
    )
    moderators: CommaList = setting_field(
        "CONFAB_MODERATORS", "Channels that hear of refusals, as platform:id, with commas", ()
    )
    allow: People = setting_field(
        "CONFAB_ALLOW", "Only these are served: user:U1, role:R1, channel:C1, workspace:T1, with commas", ()
    )
    deny: People = setting_field("CONFAB_DENY", "These are not served, in the same form", ())
    first_window: float = 0.08
    later_window: float = 1.0
    max_connections: PositiveInt = 128

    @property
    def is_on(self) -> bool:
        """Whether anything is checked."""
        return self.checkers != ("off",)

    @property
    def names_roles(self) -> bool:
        """Whether roles decide who is served."""
        return any(each.startswith(ROLE) for each in (*self.allow, *self.deny))

    @classmethod
    def find_faults(cls, given: Mapping[str, str]) -> list[str]:
        """Return the faults; the own list alone checks nothing where it is empty."""
        faults = super().find_faults(given)
        has_list = given.get("CONFAB_MODERATION_WORDS") or given.get("CONFAB_MODERATION_PATTERNS")
        if given.get("CONFAB_MODERATION") == "list" and not has_list:
            faults.append(
                "CONFAB_MODERATION is list, and neither CONFAB_MODERATION_WORDS nor CONFAB_MODERATION_PATTERNS is set."
            )
        return faults
