"""What an operator can set about consent."""

import re
from typing import Annotated, ClassVar

from pydantic import AfterValidator, Field

from core.setting_fields import CommaList, Section, setting_field

ASKER = "asker"
DAY = 86_400.0  # seconds


def _deciders(names: tuple[str, ...]) -> tuple[str, ...]:
    if not names or any(not re.fullmatch(rf"{ASKER}|(?:user|role):\S+", each) for each in names):
        raise ValueError("entries look like asker, user:U123 or role:R1, with commas")
    return names


class ConsentSettings(Section):
    """Who decides whether a tool may change something, and how long they are waited for, in seconds."""

    title: ClassVar[str] = "Consent, before a tool changes something"

    deciders: Annotated[CommaList, AfterValidator(_deciders)] = setting_field(
        "CONFAB_CONSENT",
        "Who allows what changes something: asker (who asked), user:U1, role:R1 (where there are roles), with commas",
        (ASKER,),
    )
    timeout: Annotated[float, Field(gt=0, le=30 * DAY)] = setting_field(
        "CONFAB_CONSENT_TIMEOUT", "Seconds that such a question waits for a click", DAY
    )
