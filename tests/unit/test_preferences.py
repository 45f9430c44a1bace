"""What was chosen in the chat, over what the operator set: its bounds, its record, and what goes with a person."""

import asyncio
from pathlib import Path

import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from bots.operator_commands import choices
from core.messages import ConversationKey
from core.policy import FIRM, ChannelSettings, Policies, Scope
from core.preferences.catalogue import CATALOGUE, LANGUAGES, USUAL
from core.preferences.preferences import ChoiceRefused, Preferences
from core.preferences.settings import PreferenceSettings
from core.storage.errors import StorageUnavailable
from core.storage.settings import StorageSettings
from core.storage.store import Store

KEY = ConversationKey("slack", "T1", "C1", "1.0")
SWITCHES = [each.name for each in CATALOGUE if each.name in FIRM]
LAYERS = st.dictionaries(st.sampled_from(SWITCHES), st.booleans())


@given(LAYERS, LAYERS, LAYERS)
def test_no_choice_loosens_what_stands_firm_above_it(
    operator: dict[str, bool], channel: dict[str, bool], person: dict[str, bool]
) -> None:
    """Follow-ups and growing answers stay off, and strictness on, from whichever level says so first."""
    policies = Policies(ChannelSettings.model_validate(operator))
    policies.apply_choice(Scope.of_channel(KEY), ChannelSettings.model_validate(channel))
    policies.apply_choice(Scope.of_person("slack", "U1"), ChannelSettings.model_validate(person))
    levels = [policies.operators_policy(KEY), policies.policy_of(KEY), policies.policy_of(KEY, "U1")]
    for name, value in FIRM.items():
        found = [getattr(level, name) for level in levels]
        assert found[found.index(value) :].count(not value) == 0 if value in found else True  # once firm, firm below
        asked = [layer[name] for layer in (operator, channel, person) if name in layer]
        assert found[-1] == value or value not in asked


@given(st.sampled_from(["T1", "T2"]), st.sampled_from(["C1", "C2"]), st.sampled_from(["", "U1", "U2"]))
def test_a_choice_holds_where_and_for_whom_it_was_made(workspace: str, channel: str, person: str) -> None:
    """A channel's in that channel of that workspace; a person's in every channel, for them."""
    policies = Policies()
    policies.apply_choice(Scope.of_channel(KEY), ChannelSettings(voice_notes=True))
    policies.apply_choice(Scope.of_person("slack", "U1"), ChannelSettings(language="German"))
    found = policies.policy_of(ConversationKey("slack", workspace, channel, "9.0"), person)
    assert found.voice_notes == ((workspace, channel) == ("T1", "C1"))
    assert (found.language == "German") == (person == "U1")
    assert policies.policy_of(ConversationKey("discord", "T1", "C1", ""), "U1") == ChannelSettings()


async def _chosen(path: Path) -> Policies:
    """Let two people choose something in a file, then read it as the next process does."""
    store, settings = Store(path), PreferenceSettings(models=("big",))
    preferences = Preferences(store, Policies(), settings)
    await preferences.choose(KEY, "U1", "administrator", {"channel.model": "big", "channel.strict": "on"})
    assert await preferences.choose(KEY, "U1", "member", {"person.language": "German"}) == 1
    assert await preferences.choose(KEY, "U1", "member", {"person.language": "German"}) == 0
    await preferences.choose(KEY, "U2", "alone", {"person.streaming": "off"})
    later = Preferences(store, Policies(), settings)
    await later.restore_choices()
    await store.close()
    return later.policies


def test_what_was_chosen_is_there_after_a_start(tmp_path: Path) -> None:
    """Each at its place."""
    policies = asyncio.run(_chosen(tmp_path / "c.db"))
    first, second = policies.policy_of(KEY, "U1"), policies.policy_of(KEY, "U2")
    assert (first.model, first.strict, first.language, first.streaming) == ("big", True, "German", True)
    assert (second.model, second.language, second.streaming) == ("big", "as asked", False)


def test_the_operator_reads_who_chose_what_and_can_forget_a_person(tmp_path: Path) -> None:
    """With a person go their own choices and their name; what they chose for a channel stays."""
    path = tmp_path / "c.db"
    asyncio.run(_chosen(path))
    usual = StorageSettings.model_validate({"CONFAB_DATABASE": str(path)})
    listed = CliRunner().invoke(choices, ["--database", str(path)], obj=usual).output
    assert "slack/T1/C1  model: usual -> big  by U1" in listed
    assert "slack/person U1  language: usual -> German  by U1" in listed
    told = CliRunner().invoke(choices, ["--database", str(path), "--forget", "slack:U1"], obj=usual).output
    assert told.startswith("3 rows")
    left = CliRunner().invoke(choices, ["--database", str(path)], obj=usual).output
    assert "U1" not in left
    assert "model: usual -> big  by (forgotten)" in left
    assert "person U2" in left


def test_a_value_that_is_offered_no_more_holds_no_more(tmp_path: Path) -> None:
    """As a model that the operator took back; another that is offered again holds again."""
    path = tmp_path / "c.db"
    asyncio.run(_chosen(path))

    async def model_with(settings: PreferenceSettings) -> str:
        store = Store(path)
        later = Preferences(store, Policies(), settings)
        await later.restore_choices()
        await store.close()
        return later.policies.policy_of(KEY).model

    assert asyncio.run(model_with(PreferenceSettings())) == ""
    assert asyncio.run(model_with(PreferenceSettings(models=("big",), settable=("language",)))) == ""
    assert asyncio.run(model_with(PreferenceSettings(models=("big", "small")))) == "big"


@pytest.mark.parametrize(
    "values",
    [
        {"channel.language": "German"},
        {"person.strict": "on"},
        {"person.language": "Klingon"},
        {"person.history_tokens": "1"},
        {"person.language": ""},
        {"language": "German"},
        {"person.language": "German", "channel.model": "big"},
    ],
)
async def test_what_is_not_asked_cannot_be_chosen(tmp_path: Path, values: dict[str, str]) -> None:
    """Whatever is sent in its place; nothing of it is kept."""
    store = Store(tmp_path / "c.db")
    preferences = Preferences(store, Policies(), PreferenceSettings(models=("big",)))
    with pytest.raises(ChoiceRefused):
        await preferences.choose(KEY, "U1", "member", values)
    assert await store.read_choices() == {}
    await store.close()


async def test_what_cannot_be_stored_does_not_hold(tmp_path: Path) -> None:
    """And the person reads why."""

    class FullStore(Store):
        async def add_choices(self, *_: object) -> dict[str, str]:
            raise StorageUnavailable("full")

    store = FullStore(tmp_path / "c.db")
    preferences = Preferences(store, Policies(), PreferenceSettings())
    with pytest.raises(ChoiceRefused, match="could not be stored"):
        await preferences.choose(KEY, "U1", "member", {"person.language": "German"})
    assert preferences.policies.policy_of(KEY, "U1").language == "as asked"
    await store.close()


def test_what_is_offered_fits_a_menu_and_reads_well() -> None:
    """Up to 25 options (Discord docs, String select), each with words of its own; each setting exists."""
    fields = ChannelSettings.model_fields
    assert {each.name for each in CATALOGUE} <= set(fields)
    assert len({USUAL, "as asked", *LANGUAGES}) <= 25
    assert all(len(set(each.options.values())) == len(each.options) for each in CATALOGUE)


def test_moderation_that_is_off_has_no_strictness_to_choose(tmp_path: Path) -> None:
    """It would promise what nobody does."""

    async def names(*, is_moderated: bool) -> set[str]:
        store = Store(tmp_path / "c.db")
        preferences = Preferences(store, Policies(), PreferenceSettings(), is_moderated=is_moderated)
        form = preferences.form_of(KEY, "U1", "administrator")
        await store.close()
        return {field.id for section in form for field in section.fields}

    assert asyncio.run(names(is_moderated=True)) - asyncio.run(names(is_moderated=False)) == {"channel.strict"}
