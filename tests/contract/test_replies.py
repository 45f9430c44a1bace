"""The contract of every platform: answers grow, end whole, ping nobody, and survive what goes wrong on the way."""

import asyncio

import pytest

from core.files.attachments import TOO_LARGE, UNKNOWN
from deploy.sandbox.openai.model import Reply
from tests.contract.platform_room import Breakage, Room, answered, ask, settled

CODE = "```python\n" + "\n".join(f"print({n})  # a line of code" for n in range(150)) + "\n```"
TABLE = "| name | value |\n|---|---|\n" + "\n".join(f"| row {n} | {n * n} |" for n in range(40))
LONG = "\n\n".join(["# A long answer", "Word after word. " * 250, CODE, TABLE, "x" * 5_000, "The end."])


def squeezed(text: str) -> str:
    """Return a text without its white space, which a cut may take away."""
    return "".join(text.split())


async def test_an_answer_grows_while_it_is_made(room: Room) -> None:
    """The first words stand there before the model has finished, in one message that ends whole."""
    words = tuple(f"word{number} " for number in range(40))
    room.model.script.append(Reply(pieces=words, tokens_per_second=15.0))
    said = await room.say(f"{room.mention('the bot')} tell me a lot")
    await room.until(lambda: "word0" in "".join(room.answers(said)))
    assert room.model.requests[0].done_at is None
    await room.until(lambda: squeezed("".join(room.answers(said))) == squeezed("".join(words)))
    assert len(room.answers(said)) == 1


@pytest.mark.parametrize("pace", [None, 20_000.0])
async def test_a_long_answer_arrives_whole_in_several_messages_in_order(room: Room, pace: float | None) -> None:
    """With a fence, a table and an endless line: nothing is lost, torn or refused."""
    room.model.script.append(Reply(LONG, tokens_per_second=pace))
    said = await room.say(f"{room.mention('the bot')} tell me all")
    await room.until(lambda: "The end." in "".join(room.answers(said)), 60.0)
    parts = room.answers(said)
    assert len(parts) > 3
    assert all(part.count("```") % 2 == 0 for part in parts)
    told = squeezed("".join(parts)).replace("|", "")  # a table, or where there are none its cells in a block of code
    assert all(f"print({number})#alineofcode" in told for number in range(150))
    assert "".join(f"row{number}{number * number}" for number in range(5)) in told
    places = [told.index(f"row{number}{number * number}") for number in range(40)]
    assert places == sorted(places)
    assert told.count("x" * 50) >= 5_000 // 50 - 5
    assert told.index("Alonganswer") < told.index("print(0)") < told.index("row0") < told.index("Theend.")
    assert room.refusals() == []


@pytest.mark.parametrize("pace", [None, 60.0])
async def test_a_model_cannot_ping_anybody(room: Room, pace: float | None) -> None:
    """Not when it is posted, not when it is edited, and not when it is split over two pieces of the stream."""
    pieces = [piece for evil in room.broadcasts for piece in (evil[:3], evil[3:], " and ", *evil, " ")]
    room.model.script.append(Reply(pieces=("Hello ", *pieces, "there."), tokens_per_second=pace))
    said = await room.say(f"{room.mention('the bot')} ping them")
    await room.until(lambda: "there." in "".join(room.answers(said)))
    assert room.pings() == []


async def test_a_post_that_comes_too_often_waits_and_comes_once(room: Room) -> None:
    """As long as the platform says."""
    room.limit("post", 0.8)
    assert len(room.answers(await ask(room, "hi"))) == 1
    assert room.slowed("post") == 1


async def test_edits_that_come_too_often_hold_up_nobody_else(room: Room) -> None:
    """Other questions are answered meanwhile; in the end the last edit is there too."""
    room.limit("edit", 1.5)
    text = "one two three four five six seven eight"
    room.model.script.extend([Reply(text, tokens_per_second=10.0), Reply("quick")])
    slow = await room.say(f"{room.mention('the bot')} slowly")
    await answered(room, slow)
    assert room.answers(await ask(room, "quickly", channel="random")) == ["quick"]
    assert room.answers(slow) != [text]
    await room.until(lambda: room.answers(slow) == [text])
    assert room.slowed("edit") > 0


@pytest.mark.parametrize("how", ["dropped_reply", "reset", "server_error"])
async def test_a_post_whose_outcome_was_lost_is_made_once(room: Room, how: Breakage) -> None:
    """Whether the platform had done it or not."""
    room.break_next("post", how)
    room.model.script.append(Reply("Once."))
    said = await ask(room, "hi")
    await settled(room)
    assert room.answers(said) == ["Once."]


@pytest.mark.parametrize("how", ["dropped_reply", "reset", "server_error"])
async def test_an_edit_that_broke_is_made_again(room: Room, how: Breakage) -> None:
    """The last state is right whatever happened on the way."""
    room.break_next("edit", how, times=2)
    text = "one two three four five six"
    room.model.script.append(Reply(text, tokens_per_second=8.0))
    said = await room.say(f"{room.mention('the bot')} slowly")
    await room.until(lambda: room.answers(said) == [text], 90.0)


async def test_an_answer_that_somebody_deletes_meanwhile_is_not_put_back(room: Room) -> None:
    """Whoever takes it away means it; the conversation goes on."""
    hold = asyncio.Event()
    room.model.script.append(Reply(pieces=("so far", " and more"), hold=hold))
    said = await room.say(f"{room.mention('the bot')} hi")
    await answered(room, said)
    await room.delete_answer(said)
    hold.set()
    await room.model.until(lambda: room.model.requests[0].done_at)
    await room.go_on(said, "still there?")
    await answered(room, said)
    assert "so far" not in "".join(room.answers(said))


async def test_a_small_text_file_reaches_the_model_as_labelled_data(room: Room) -> None:
    """It stands in the person's message, in a fence."""
    said = await room.share(f"{room.mention('the bot')} read it", "notes.txt", b"Ship on Friday.\n", "text/plain")
    await answered(room, said)
    (prompt,) = (message["content"] for message in room.model.requests[0].body["messages"][1:])
    assert prompt == "read it\n\n[file notes.txt]\n```\nShip on Friday.\n```"


@pytest.mark.parametrize(("name", "kind"), [("parts.zip", "application/zip"), ("big.txt", "text/plain")])
async def test_what_is_not_read_is_named_and_not_fetched(room: Room, name: str, kind: str) -> None:
    """The model knows that something was there."""
    room.lose_files()
    content = b"x" * (8 * 1024 * 1024 + 1 if name == "big.txt" else 10)
    await answered(room, await room.share(f"{room.mention('the bot')} look", name, content, kind))
    (prompt,) = (message["content"] for message in room.model.requests[0].body["messages"][1:])
    assert f"[file {name}: not read, since {TOO_LARGE if name == 'big.txt' else UNKNOWN}]" in prompt


async def test_a_file_that_is_gone_costs_the_file_and_not_the_answer(room: Room) -> None:
    """The question is answered without it."""
    room.lose_files()
    await answered(room, await room.share(f"{room.mention('the bot')} look", "notes.txt", b"gone", "text/plain"))
    (prompt,) = (message["content"] for message in room.model.requests[0].body["messages"][1:])
    assert prompt == "look\n\n[file notes.txt: not read, since it could not be fetched]"
