"""What an operator can set about what is kept, beside what channels do differently (`core/policy.py`)."""

from typing import Annotated, ClassVar

import re2
from pydantic import AfterValidator, BeforeValidator

from core.setting_fields import AS_JSON, CommaList, Section, setting_field

SCOPE = re2.compile(r"(?i:true)|[^\s:]+(?::[^\s:]+){0,2}")


def _without_false(value: object) -> object:
    return "" if isinstance(value, str) and value.strip().lower() in {"false", "none"} else value


def _check_scopes(scopes: tuple[str, ...]) -> tuple[str, ...]:
    if wrong := [each for each in scopes if not SCOPE.fullmatch(each)]:
        raise ValueError(f"true, or scopes as workspace:T1, channel:C1 or user:U1; {len(wrong)} are none")
    return scopes


def _check_patterns(patterns: tuple[str, ...]) -> tuple[str, ...]:
    for number, pattern in enumerate(patterns, start=1):
        try:
            re2.compile(pattern)
        except re2.error:
            raise ValueError(f"pattern {number} is none that RE2 can read") from None
    return patterns


class PrivacySettings(Section):
    """What may not be erased, and what of the operator's own is hidden from endpoints where something is hidden."""

    title: ClassVar[str] = "What is kept of people"

    legal_hold: Annotated[CommaList, BeforeValidator(_without_false), AfterValidator(_check_scopes)] = setting_field(
        "CONFAB_LEGAL_HOLD",
        "Nothing is erased, whoever asks: true, or where, with commas: workspace:T1, channel:C1, user:U1",
        (),
    )
    hide_patterns: Annotated[tuple[str, ...], AS_JSON, AfterValidator(_check_patterns)] = setting_field(
        "CONFAB_HIDE_PATTERNS",
        'RE2 patterns of what is hidden from endpoints beside CONFAB_HIDE, as JSON: ["PRJ-[0-9]{4}"]',
        (),
    )
