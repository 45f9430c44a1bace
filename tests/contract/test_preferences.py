"""What people set in the chat, for themselves and for a channel, on every platform."""

from pathlib import Path

from core.policy import ChannelSettings, Policies
from core.preferences.settings import PreferenceSettings
from tests.contract.platform_room import Room, answered, ask, settled
from tests.support.database import rows

OWN = {"person.follow_ups", "person.language", "person.streaming"}
GERMAN = "Answer in German"


def instructions(room: Room, number: int) -> str:
    """Return what the model was told before everything else in its call number `number`."""
    return str(room.model.requests[number].body["messages"][0]["content"])


async def test_an_administrator_sets_a_channel_at_once_and_for_every_later_start(room: Room) -> None:
    """Follow-ups end with the choice, stay so in the next process, and come back when the choice is taken back."""
    said = await ask(room, "hi")
    assert (await room.open_settings())["channel.follow_ups"] == "usual"
    await room.choose({"channel.follow_ups": "off"})
    await room.go_on(said, "and?", by="grace")
    await settled(room)
    assert len(room.answers(said)) == 1
    await room.leave()
    await room.join()
    await room.go_on(said, "and now?", by="grace")
    await settled(room)
    assert len(room.answers(said)) == 1
    assert (await room.open_settings())["channel.follow_ups"] == "off"
    await room.choose({"channel.follow_ups": "usual"})
    await room.go_on(said, "at last?", by="grace")
    assert len(await answered(room, said, 2)) == 2


async def test_who_administers_nothing_sets_their_own_alone_and_reads_the_rest(room: Room) -> None:
    """They are told what holds in the channel."""
    assert set(await room.open_settings("grace")) == OWN
    shown = room.shown_settings("grace")
    assert "Go on in a thread without a new mention: on" in shown
    assert "Administrators can change this." in shown
    assert {name for name in await room.open_settings("ada") if name.startswith("person.")} == OWN


async def test_a_person_s_language_is_theirs_alone(room: Room) -> None:
    """Whoever else asks in the channel is answered in the language of the question."""
    await room.open_settings("grace")
    await room.choose({"person.language": "German"}, "grace")
    await ask(room, "hello", by="grace")
    await ask(room, "hello", by="ada")
    assert [GERMAN in instructions(room, number) for number in (0, 1)] == [True, False]


async def test_a_person_s_choice_goes_over_the_channel_s_but_not_over_what_it_forbids(room: Room) -> None:
    """A language does; follow-ups that the channel does not want are not even offered."""
    await room.open_settings()
    await room.choose({"channel.language": "German", "channel.follow_ups": "off"})
    assert set(await room.open_settings("grace")) == OWN - {"person.follow_ups"}
    await room.choose({"person.language": "as asked"}, "grace")
    await ask(room, "hello", by="grace")
    await ask(room, "hello", by="ada")
    assert [GERMAN in instructions(room, number) for number in (0, 1)] == [False, True]


async def test_a_channel_s_model_answers_there_alone(room: Room) -> None:
    """Among those that the operator offers."""
    await room.leave()
    await room.join(preferences=PreferenceSettings(models=("second",)))
    await room.open_settings()
    await room.choose({"channel.model": "second"})
    await ask(room, "hello")
    await ask(room, "hello", channel="random")
    assert [request.body["model"] for request in room.model.requests] == ["second", "stand-in"]


async def test_what_the_operator_sets_bounds_what_can_be_chosen(room: Room) -> None:
    """What is off for all stays off, and what is not settable is not offered."""
    await room.leave()
    settings = PreferenceSettings(settable=("streaming", "language"))
    await room.join(Policies(ChannelSettings(streaming=False)), preferences=settings)
    assert set(await room.open_settings()) == {"person.language", "channel.language"}


async def test_help_says_who_runs_the_bot_and_what_holds(room: Room) -> None:
    """In the words that the operator gave."""
    await room.leave()
    await room.join(preferences=PreferenceSettings(operator="the platform team, #help-it"))
    said = await ask(room, "help")
    [shown] = room.answers(said)
    assert "I am run by the platform team, #help-it." in shown
    assert "Language of the answers: that of the question" in shown
    other = await ask(room, "settings")
    assert "`/confab settings`" in room.answers(other)[0]
    assert not room.model.requests


async def test_who_chose_what_is_kept_row_by_row(room: Room, tmp_path: Path) -> None:
    """From what to what; a choice that is taken back adds a row, and none is changed."""
    await room.open_settings()
    await room.choose({"channel.language": "German"})
    await room.open_settings()
    await room.choose({"channel.language": "usual"})
    await room.leave()
    kept = rows(
        tmp_path / "confab.db", "SELECT person, name, was, value, chosen_by <> '' FROM preferences ORDER BY seq"
    )
    assert kept == [("", "language", "", "German", 1), ("", "language", "German", "", 1)]
