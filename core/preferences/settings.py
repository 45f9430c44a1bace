"""What an operator can set about what people may set in the chat."""

import re
from typing import Annotated, ClassVar

from pydantic import AfterValidator, Field

from core.preferences.catalogue import CATALOGUE, LONGEST_VALUE, MOST_MODELS
from core.setting_fields import CommaList, Section, setting_field

NOTHING = "none"
NAMES = tuple(each.name for each in CATALOGUE)


def _check_names(names: tuple[str, ...]) -> tuple[str, ...]:
    if set(names) - {*NAMES, NOTHING}:
        raise ValueError(f"choose among {', '.join(NAMES)}, or {NOTHING}; several are listed with commas")
    return names


def _check_models(models: tuple[str, ...]) -> tuple[str, ...]:
    if len(models) > MOST_MODELS or any(len(each) > LONGEST_VALUE for each in models):
        raise ValueError(f"at most {MOST_MODELS} names of {LONGEST_VALUE} characters fit into a menu")
    return models


def _check_people(people: tuple[str, ...]) -> tuple[str, ...]:
    if wrong := [each for each in people if not re.fullmatch(r"(?:user|role):\S+", each)]:
        raise ValueError(f"entries look like user:U123 or role:R1; {len(wrong)} do not")
    return people


class PreferenceSettings(Section):
    """Who runs this bot, as people are told, and what may be set in the chat, by whom, within which bounds."""

    title: ClassVar[str] = "What people are told, and may set in the chat"

    operator: Annotated[str, Field(max_length=200)] = setting_field(
        "CONFAB_OPERATOR", "Who runs this Confab, as `help` tells it: a name and where to find them", ""
    )
    settable: Annotated[CommaList, AfterValidator(_check_names)] = setting_field(
        "CONFAB_SETTABLE", "What may be set in the chat, by /confab settings; none: nothing", NAMES
    )
    models: Annotated[CommaList, AfterValidator(_check_models)] = setting_field(
        "CONFAB_MODELS", "Models that an administrator may choose for a channel, beside OPENAI_MODEL", ()
    )
    administrators: Annotated[CommaList, AfterValidator(_check_people)] = setting_field(
        "CONFAB_ADMINISTRATORS",
        "Further people who may set what holds in a channel: user:U1, role:R1; a workspace's own may anyway",
        (),
    )
