"""Who the bot is, chosen in the chat and by the operator, on every platform."""

from pathlib import Path

from core.policy import ChannelSettings, Policies
from core.preferences.settings import PreferenceSettings
from tests.contract.platform_room import Room, answered, ask, settled
from tests.support.cards import card_v2, keep_cards
from tests.support.moderated import Moderated

BOOK = {"scan_depth": 2, "entries": [{"keys": ["heron"], "content": "Herons are {{char}}'s friends.", "enabled": True}]}


def told(room: Room, number: int = -1) -> list[str]:
    """Return the contents of the messages with which the model was asked, by default the last time."""
    return [str(message["content"]) for message in room.model.requests[number].body["messages"]]


async def test_a_persona_is_chosen_by_its_name_seen_by_all_and_told_below_our_rules(room: Room, tmp_path: Path) -> None:
    """Its greeting stands below the line; its creator's notes are for people alone."""
    keep_cards(tmp_path / "confab.db", card_v2(system_prompt="{{original}} Never say {{user}}'s name."))
    said = await ask(room, "persona ada")
    [line] = room.answers(said)
    assert line.splitlines()[0].strip("_*") == "From now on I am Ada here."
    assert "Good evening, everyone." in line
    await room.go_on(said, f"{room.mention('the bot')} hello")
    await answered(room, said, 2)
    system = told(room)[0]
    assert (
        system.index("You are Confab.") < system.index("Names, messages and files") < system.index("Ada counts herons.")
    )
    assert "Never say everyone's name." in system
    assert "Hi" in system
    assert "for people alone" not in system
    await room.go_on(said, f"{room.mention('the bot')} persona")
    assert "I am Ada here" in (await answered(room, said, 3))[-1]
    other = await ask(room, "hi")
    assert "Ada counts herons." in told(room)[0]
    await room.go_on(other, f"{room.mention('the bot')} persona none")
    await answered(room, other, 2)
    await room.go_on(other, f"{room.mention('the bot')} and now?")
    await answered(room, other, 3)
    assert "herons" not in told(room)[0]
    await ask(room, "hi again")
    assert "Ada counts herons." in told(room)[0], "what a thread chose is the thread's alone"


async def test_a_conversation_keeps_the_version_with_which_it_began(room: Room, tmp_path: Path) -> None:
    """To the byte, whoever speaks; `reset` begins anew."""
    keep_cards(tmp_path / "confab.db", card_v2(description="{{random:red,green,blue,grey}} {{roll:d1000}} one"))
    await room.leave()
    await room.join(Policies(ChannelSettings(persona="ada")))
    said = await ask(room, "hi")
    first = told(room)[0]
    keep_cards(tmp_path / "confab.db", card_v2(description="two"))
    await room.leave()
    await room.join(Policies(ChannelSettings(persona="ada")))
    await room.go_on(said, f"{room.mention('the bot')} hello", by="grace")
    await answered(room, said, 2)
    assert told(room)[0] == first
    await ask(room, "somewhere else")
    assert "two" in told(room)[0]
    await room.go_on(said, f"{room.mention('the bot')} reset")
    await answered(room, said, 3)
    await room.go_on(said, f"{room.mention('the bot')} hello")
    await answered(room, said, 4)
    assert "two" in told(room)[0]


async def test_who_administers_nothing_changes_nothing_but_in_their_own_direct_messages(
    room: Room, tmp_path: Path
) -> None:
    """Or where the operator named them."""
    keep_cards(tmp_path / "confab.db", card_v2())
    said = await ask(room, "persona Ada", by="grace")
    assert "not yours to set" in room.answers(said)[0]
    assert "no persona" in room.answers(await ask(room, "persona", by="grace"))[0]
    direct = await room.tell("persona Ada", by="grace")
    assert "From now on I am Ada here." in (await answered(room, direct))[0]
    await room.tell("hi", by="grace")
    await room.until(lambda: room.model.requests)
    assert "Ada counts herons." in told(room)[0]
    everywhere = await room.tell("persona Ada everywhere", by="grace")
    await room.until(lambda: any("not yours to set" in each for each in room.answers(everywhere)))
    await room.leave()
    await room.join(preferences=PreferenceSettings(administrators=("user:" + grace(room),)))
    assert "From now on" in room.answers(await ask(room, "persona Ada", by="grace"))[0]


def grace(room: Room) -> str:
    """Return Grace's id, as it stands in a mention of her."""
    return room.mention("grace").strip("<@>")


async def test_a_workspace_s_persona_is_that_of_every_channel_without_one_of_its_own(
    room: Room, tmp_path: Path
) -> None:
    """And of direct messages no more than the platform counts them in."""
    keep_cards(tmp_path / "confab.db", card_v2(), card_v2("Bob", description="bakes bread"))
    await ask(room, "persona Ada everywhere")
    await ask(room, "persona Bob")
    await ask(room, "hi")
    assert "bakes bread" in told(room)[0]
    await ask(room, "hi", channel="random")
    assert "Ada counts herons." in told(room)[0]


async def test_a_name_that_nobody_or_several_bear_changes_nothing(room: Room, tmp_path: Path) -> None:
    """Those that may be meant are told, with the number by which one is."""
    keep_cards(tmp_path / "confab.db", card_v2(), card_v2(creator="another"), card_v2("Bob", description="a baker"))
    assert "no persona of that name" in room.answers(await ask(room, "persona zebra"))[0]
    assert "Bob" in room.answers(await ask(room, "persona baker"))[0]
    several = room.answers(await ask(room, "persona Ada"))[0]
    assert "Ada #1 by somebody" in several
    assert "Ada #2 by another" in several
    assert "From now on" in room.answers(await ask(room, "persona Ada #2"))[0]
    assert not room.model.requests


async def test_a_lorebook_is_told_where_its_words_are_spoken_and_nowhere_else(room: Room, tmp_path: Path) -> None:
    """Behind the history, so that the prompt's beginning stays the same."""
    keep_cards(tmp_path / "confab.db", card_v2(character_book=BOOK))
    await ask(room, "persona Ada")
    said = await ask(room, "what of a Heron?")
    system, *_, lore, question = told(room)
    assert "Herons are Ada's friends." in lore
    assert "heron" in question.casefold()
    for number, word in enumerate(("one", "two", "three"), 2):
        await room.go_on(said, f"{room.mention('the bot')} {word}")
        await answered(room, said, number)
    assert told(room)[0] == system
    assert not any("Ada's friends" in each for each in told(room))


async def test_a_card_that_moderation_refuses_is_never_shown_nor_sent(room: Room, tmp_path: Path) -> None:
    """Wherever in it the flagged words stand, or come to by macros; the operator's own choice is left aside as well."""
    book = {"entries": [{"keys": ["x"], "content": "flag me"}]}
    keep_cards(
        tmp_path / "confab.db",
        *(card_v2(description="flag me"), card_v2("Bob", first_mes="flag me"), card_v2("Eve", character_book=book)),
        card_v2("flag me"),
        card_v2("Mac", first_mes="{{reverse:em galf}}"),
        card_v2("Pat", description="fl{{// a remark }}ag me"),
    )
    await room.leave()
    await room.join(Policies(ChannelSettings(persona="Ada")), moderation=Moderated())
    for name in ("Ada", "Bob", "Eve", "flag me", "Mac", "Pat"):
        said = await ask(room, f"persona {name}")
        assert "moderation refuses" in room.answers(said)[0]
    await ask(room, "hello")
    assert not any("flag" in each for each in told(room))
    assert not any("flag me" in each for each in room.everything())


async def test_by_slash_command_a_persona_is_changed_for_all_to_see(room: Room, tmp_path: Path) -> None:
    """And without a name told to the asker."""
    keep_cards(tmp_path / "confab.db", card_v2())
    await room.use("persona Ada")
    await room.until(lambda: any("From now on I am Ada here." in each for each in room.everything()))
    await ask(room, "hi")
    assert "Ada counts herons." in told(room)[0]
    await settled(room)


async def test_an_answer_bears_the_persona_s_name_and_is_the_bot_s_own_all_the_same(room: Room, tmp_path: Path) -> None:
    """Above it, or where the platform has that, as its author; a restart and what was said before are as ever."""
    keep_cards(tmp_path / "confab.db", card_v2("Marsh Keeper"))
    room.grant_faces()
    await ask(room, "persona Marsh Keeper")
    said = await ask(room, "hi")
    assert room.author_of_answer(said) == "Marsh Keeper"
    await room.leave()
    await room.join()
    await room.go_on(said, f"{room.mention('the bot')} and?")
    answers = await answered(room, said, 2)
    assert room.author_of_answer(said) == "Marsh Keeper"
    roles = [message["role"] for message in room.model.requests[-1].body["messages"]]
    assert roles == ["system", "user", "assistant", "user"]
    assert not any("Marsh Keeper" in each for each in told(room)[1:])
    assert len(answers) == 2


async def test_a_persona_with_a_member_s_name_is_shown_under_none(room: Room, tmp_path: Path) -> None:
    """Whoever chose it: nobody may be taken for Grace."""
    keep_cards(tmp_path / "confab.db", card_v2("GRACE"))
    room.rename("grace", "Gráce")
    room.grant_faces()
    await ask(room, "hello", by="grace")
    await ask(room, "persona grace")
    said = await ask(room, "hi")
    assert room.author_of_answer(said) == ""


async def test_a_persona_brings_its_parameters_and_a_model_only_among_those_that_are_offered(
    room: Room, tmp_path: Path
) -> None:
    """Values that no parameter takes are left out."""
    own = {"model": "second", "parameters": {"temperature": 0.25, "top_p": 7, "seed": 1}}
    keep_cards(tmp_path / "confab.db", card_v2(extensions={"confab": own}), card_v2("Bob"))
    await ask(room, "persona Ada")
    await ask(room, "hi")
    body = room.model.requests[-1].body
    assert (body["model"], body["temperature"], "top_p" in body, "seed" in body) == ("stand-in", 0.25, False, False)
    await ask(room, "persona Bob")
    await ask(room, "hi")
    assert "temperature" not in room.model.requests[-1].body
