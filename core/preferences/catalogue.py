"""The table of what can be set in the chat, and the form that people fill in. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from core.policy import AS_ASKED, FIRM, ChannelSettings

USUAL = "usual"  # the option that takes a choice back
LONGEST_LABEL = 75  # characters (Slack docs, Option object; Discord's docs allow 100)
LONGEST_VALUE = 100  # characters (Discord docs, Select option structure; Slack's docs allow 150)
MOST_MODELS = 20  # of the 25 options that a menu has (Discord docs, String select)
ON_OFF: Mapping[str, str] = {"on": "on", "off": "off"}
LANGUAGES = (
    *("English", "German", "French", "Spanish", "Portuguese", "Italian", "Dutch", "Polish", "Czech", "Swedish"),
    *("Ukrainian", "Russian", "Turkish", "Greek", "Arabic", "Hebrew", "Hindi", "Japanese", "Korean", "Chinese"),
)


@dataclass(frozen=True, slots=True)
class Preference:
    """One setting: a field of `ChannelSettings`, its title, and each value that can be chosen with its label.

    `is_personal`: a person may choose it for themselves as well. A value is kept as text, `on` and `off` for a switch.
    `is_named`: it is chosen by a name that stands in no list, by a command of its own instead of in the form.
    """

    name: str
    title: str
    options: Mapping[str, str] = field(default_factory=lambda: ON_OFF)
    is_personal: bool = False
    is_named: bool = False


CATALOGUE = (
    Preference("follow_ups", "Go on in a thread without a new mention", is_personal=True),
    Preference(
        "language",
        "Language of the answers",
        {AS_ASKED: "that of the question"} | {each: each for each in LANGUAGES},
        is_personal=True,
    ),
    Preference("streaming", "Let an answer grow while it is made", is_personal=True),
    Preference("voice_notes", "Answer every voice note in the channel"),
    Preference("strict", "Moderation", {"off": "usual", "on": "strict: nothing is shown before all of it is checked"}),
    Preference("model", "Model", {}),
    Preference("persona", "Persona", {}, is_named=True),
)


@dataclass(frozen=True, slots=True)
class FormField:
    """One question of the form: its id (`channel.language`), its options by value, the one that is chosen."""

    id: str
    title: str
    options: Mapping[str, str]
    value: str


@dataclass(frozen=True, slots=True)
class FormSection:
    """A part of the form under a heading; `note` says what holds without it, and who may change it."""

    title: str
    note: str
    fields: Sequence[FormField] = ()


def offered_preferences(
    settable: Sequence[str], models: Sequence[str], *, is_moderated: bool
) -> tuple[Preference, ...]:
    """Return what can be set: what the operator lets people set, as far as there is something to choose."""
    with_models = (
        replace(each, options=_model_options(models)) if each.name == "model" else each for each in CATALOGUE
    )
    offered = (each for each in with_models if each.name in settable and (each.options or each.is_named))
    return tuple(each for each in offered if is_moderated or each.name != "strict")


def _model_options(models: Sequence[str]) -> Mapping[str, str]:
    return {"": "that of all channels"} | {each: each for each in models} if models else {}


def form_fields(
    whose: str, offered: Sequence[Preference], above: ChannelSettings, chosen: ChannelSettings
) -> list[FormField]:
    """Return the questions that are open below what holds `above`; `whose` is `channel` or `person`."""
    asked = [each for each in offered if not (each.is_named or _is_firm(each.name, above))]
    return [_field_of(whose, each, above, chosen) for each in asked]


def _is_firm(name: str, above: ChannelSettings) -> bool:
    return name in FIRM and getattr(above, name) == FIRM[name]


def _field_of(whose: str, preference: Preference, above: ChannelSettings, chosen: ChannelSettings) -> FormField:
    usual = f"As usual here ({label_of(preference, above)})"
    options = {USUAL: usual} | {value: label for value, label in preference.options.items() if value}
    value = value_of(preference.name, chosen) if preference.name in chosen.model_fields_set else USUAL
    shortened = {value: label[:LONGEST_LABEL] for value, label in options.items()}
    return FormField(f"{whose}.{preference.name}", preference.title, shortened, value)


def value_of(name: str, policy: ChannelSettings) -> str:
    """Return a setting's value as text."""
    value = getattr(policy, name)
    return ("on" if value else "off") if isinstance(value, bool) else str(value)


def label_of(preference: Preference, policy: ChannelSettings) -> str:
    """Return what holds of a setting, as people read it."""
    value = value_of(preference.name, policy)
    return preference.options.get(value, value)


def describe_policy(offered: Sequence[Preference], policy: ChannelSettings) -> list[str]:
    """Return a line for each setting that says what holds."""
    told = [each for each in offered if not each.is_named or value_of(each.name, policy)]
    return [f"{each.title}: {label_of(each, policy)}" for each in told]


def settings_from(offered: Sequence[Preference], values: Mapping[str, str]) -> ChannelSettings:
    """Return values as settings; what cannot be chosen any more is left out."""
    by_name = {each.name: each for each in offered}
    usable = {
        name: value
        for name, value in values.items()
        if value and name in by_name and (by_name[name].is_named or value in by_name[name].options)
    }
    return ChannelSettings.model_validate(usable)
