"""Joins the sections of what an operator can set: their names, every fault in one message, and `.env.example`."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import get_type_hints

from pydantic import BaseModel, ValidationError
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails

from core.consent.settings import ConsentSettings
from core.knowledge.settings import KnowledgeSettings
from core.llm.settings import ModelSettings, TranscriberSettings, TranscriptionSettings
from core.moderation.settings import ModerationSettings
from core.policy import ChannelSettings, ConversationSettings
from core.preferences.settings import PreferenceSettings
from core.privacy.settings import PrivacySettings
from core.prompt.settings import PromptSettings
from core.setting_fields import Section
from core.spending.settings import CapSettings, PriceSettings, SpendingSettings
from core.storage.settings import StorageSettings
from core.tools.settings import ToolSettings
from core.turn_settings import TurnSettings
from core.voice.settings import VoiceSettings

INNER: Mapping[str, type[BaseModel]] = {
    "CONFAB_CHANNELS": ChannelSettings,
    "CONFAB_TRANSCRIBERS": TranscriberSettings,
    "CONFAB_CAPS": CapSettings,
    "CONFAB_PRICES": PriceSettings,
}
LONGEST_PLACE = 40  # characters of a key that is told
HEAD = """\
# Confab's settings. Copy this file to .env and fill in what you need; an empty value is an absent one.
# Lines that begin with `# NAME=` show a default: remove the `#` to change it.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class CoreSettings:
    """All that the environment can say of core, section by section."""

    model: ModelSettings
    prompt: PromptSettings
    conversations: ConversationSettings
    preferences: PreferenceSettings
    storage: StorageSettings
    transcription: TranscriptionSettings
    voice: VoiceSettings
    moderation: ModerationSettings
    privacy: PrivacySettings
    tools: ToolSettings
    consent: ConsentSettings
    knowledge: KnowledgeSettings
    turns: TurnSettings
    spending: SpendingSettings


def sections_of(joined: type) -> dict[str, type[Section]]:
    """Return the sections that a class of settings joins, by its fields' names."""
    hints = get_type_hints(joined).items()
    return {name: kind for name, kind in hints if isinstance(kind, type) and issubclass(kind, Section)}


def names_of(sections: Iterable[type[Section]]) -> list[str]:
    """Return every setting's name in the environment."""
    return list(dict.fromkeys(name for section in sections for name in section.names()))


def read_sections(
    sections: Mapping[str, type[Section]], given: Mapping[str, str]
) -> tuple[dict[str, Section], list[str]]:
    """Read each section from names and values that are not empty; return those that can be, and a line a fault."""
    found: dict[str, Section] = {}
    faults = _unknown(given, names_of(sections.values()))
    for name, section in sections.items():
        faults += section.find_faults(given)
        try:
            found[name] = section.model_validate({each: given[each] for each in section.names() if each in given})
        except ValidationError as error:
            faults += [_fault_sentence(fault) for fault in error.errors()]
    return found, list(dict.fromkeys(faults))  # a setting that two sections read has one fault


def example_of(sections: Iterable[type[Section]], first: Sequence[str]) -> str:
    """Return the text of `.env.example`: a comment for each setting, its default where it has one, under headings.

    `first` are the names of those that stand before all others, in that order.
    """
    groups: dict[str, list[FieldInfo]] = {"What matters first": []}
    fields: dict[str, FieldInfo] = {}
    for section in sections:
        new = {name: field for name, field in _named_fields(section) if name not in fields}
        fields |= new
        groups.setdefault(section.title, []).extend(field for name, field in new.items() if name not in first)
    groups["What matters first"] = [fields[name] for name in first]
    parts = [line for title, group in groups.items() for line in (f"## {title}\n", *map(_line, group))]
    return "\n".join([HEAD, *parts])


def _named_fields(section: type[Section]) -> Iterator[tuple[str, FieldInfo]]:
    for field in section.model_fields.values():
        if field.validation_alias:
            yield str(field.validation_alias), field


def _line(field: FieldInfo) -> str:
    name, default = field.validation_alias, field.default
    if default in (None, "", (), {}):
        return f"# {field.description}.\n{name}=\n"
    default = ", ".join(default) if isinstance(default, tuple) else default
    value = json.dumps(default) if isinstance(default, bool) else default
    return f"# {field.description}.\n# {name}={value}\n"


def _fault_sentence(fault: ErrorDetails) -> str:
    """Return what is wrong with a setting, and where in it: `CONFAB_CHANNELS: C1.folow_ups: …`, without its value."""
    setting, *within = (str(each)[:LONGEST_PLACE] for each in fault["loc"])
    known = INNER.get(setting)
    if known and fault["type"] == "extra_forbidden":
        names = list(known.model_fields)
        return f"{setting}: {'.'.join(within)} is nothing that can be set there{_nearest(within[-1], names)}."
    return ": ".join((setting, *filter(None, (".".join(within),)), f"{fault['msg']}."))


def _unknown(given: Mapping[str, str], names: Sequence[str]) -> list[str]:
    """Name each CONFAB_ setting that does not exist: a typing error would otherwise be silent."""
    strangers = [name for name in given if name.startswith("CONFAB_") and name not in names]
    return [f"{name} is no setting{_nearest(name, names)}." for name in strangers]


def _nearest(name: str, names: Sequence[str]) -> str:
    near = get_close_matches(name, names, n=1)
    return f"; {near[0]} is" if near else ""
