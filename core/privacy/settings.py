"""What an operator can set about what is kept, beside what channels do differently (`core/policy.py`)."""

from typing import Annotated, ClassVar

import re2
from pydantic import AfterValidator, BeforeValidator

from core.setting_fields import CommaList, Section, setting_field

SCOPE = re2.compile(r"(?i:true)|[^\s:]+(?::[^\s:]+){0,2}")


def _without_false(value: object) -> object:
    return "" if isinstance(value, str) and value.strip().lower() in {"false", "none"} else value


def _check_scopes(scopes: tuple[str, ...]) -> tuple[str, ...]:
    if wrong := [each for each in scopes if not SCOPE.fullmatch(each)]:
        raise ValueError(f"true, or scopes as workspace:T1, channel:C1 or user:U1; {len(wrong)} are none")
    return scopes


class PrivacySettings(Section):
    """What may not be erased."""

    title: ClassVar[str] = "What is kept of people"

    legal_hold: Annotated[CommaList, BeforeValidator(_without_false), AfterValidator(_check_scopes)] = setting_field(
        "CONFAB_LEGAL_HOLD",
        "Nothing is erased, whoever asks: true, or where, with commas: workspace:T1, channel:C1, user:U1",
        (),
    )
