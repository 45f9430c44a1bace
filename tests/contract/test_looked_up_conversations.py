"""What people say to each other is found again where that is switched on, for as long as each line of it stands."""

import json
import time
from collections.abc import Sequence
from pathlib import Path

from core.knowledge.lookup import NOTHING
from deploy.sandbox.openai.model import Reply
from tests.contract.platform_room import Room, Said
from tests.contract.test_knowledge import answer_to, switched_on, told
from tests.support.database import change, column, rows, wait_for_column
from tests.support.moderated import Moderated

CODE = "what is the code of the bicycle shed?"
LINES = "SELECT text FROM chat_lines ORDER BY seq"
NOTE_ROWS = (  # as each stood before it was read
    "CREATE TRIGGER noted AFTER INSERT ON chat_lines BEGIN "
    "INSERT INTO marks (name, value) VALUES ('line ' || new.seq, new.payload); END"
)
TEXTS = "SELECT text FROM passages ORDER BY seq"


async def said_to_all(room: Room, folder: Path, *lines: str) -> list[Said]:
    """Say something in the channel, Ada and Grace in turn, and wait until it can be looked up."""
    before: Sequence[str] = column(folder / "confab.db", LINES)
    said = [await room.say(line, by=("ada", "grace")[number % 2]) for number, line in enumerate(lines)]
    await looked_up(folder, len(before) + len(said))
    return said


async def looked_up(folder: Path, lines: int) -> None:
    """Wait until so many lines are there, and none waits to be read."""
    unread = (
        "SELECT 1 FROM sources WHERE state = 'waiting' UNION ALL SELECT 1 FROM chat_lines WHERE payload IS NOT NULL"
    )
    await wait_for_column(folder / "confab.db", "SELECT 1 FROM chat_lines", lambda found: len(found) == lines)
    await wait_for_column(folder / "confab.db", unread, lambda found: not found)


def grown_old(folder: Path) -> None:
    """Let what was said so far be of a while ago, so that what comes begins another exchange."""
    change(folder / "confab.db", "UPDATE sources SET posted_at = posted_at - 4000")


async def test_an_exchange_is_found_with_who_said_what_and_a_link(room: Room, tmp_path: Path) -> None:
    """As one piece, so that an answer is found by the words of its question; the link leads to its first line."""
    await switched_on(room, knowledge="all")
    said = await said_to_all(room, tmp_path, "How do we get into the bicycle shed?", "By the code, which is 4711.")
    room.model.script.append(Reply("It is 4711 [S1]."))
    found = await answer_to(room, CODE)
    assert f"{room.name('ada')}: How do we get into the bicycle shed?\n{room.name('grace')}: By the code" in told(room)
    assert said[0].id.replace(".", "") in found.partition("Sources")[2]


async def test_nothing_of_what_is_said_is_kept_for_files_alone(room: Room, tmp_path: Path) -> None:
    """Nor a question to the bot, which would only be found for itself, nor anything where nothing is stored."""
    await switched_on(room, knowledge="all")
    for _ in range(2):
        assert "4711" not in await answer_to(room, CODE)
    for settings in ({"knowledge": "files"}, {"knowledge": "all", "retention_days": 0}):
        await switched_on(room, **settings)
        await room.say("The code of the bicycle shed is 4711.")
        await answer_to(room, CODE)
        assert "4711" not in told(room)
    assert not rows(tmp_path / "confab.db", "SELECT 1 FROM chat_lines")


async def test_what_the_prompt_has_already_is_not_given_twice(room: Room, tmp_path: Path) -> None:
    """Where it brings lines of the channel along, those are left out of what was found, and the others stay."""
    await switched_on(room, knowledge="all", channel_context=1)
    await said_to_all(room, tmp_path, "The code of the bicycle shed is 4711.", "And the pump of the shed is red.")
    await answer_to(room, "what is the code of the bicycle shed, and which is its pump?")
    assert told(room).count("4711") == 1
    assert told(room).count("pump of the shed is red") == 1


async def test_a_line_that_is_edited_or_deleted_is_found_no_more(room: Room, tmp_path: Path) -> None:
    """Its exchange goes in the same transaction, and comes back with what is left of it."""
    await switched_on(room, knowledge="all")
    first, second, _ = await said_to_all(
        room, tmp_path, "The code of the shed is canary.", "The shed's lamp is broken.", "Who has the key of the shed?"
    )
    await room.edit(first, "The code of the shed is swordfish.")
    await wait_for_column(tmp_path / "confab.db", TEXTS, lambda found: "swordfish" in str(found))
    await room.delete(second)
    await wait_for_column(tmp_path / "confab.db", TEXTS, lambda found: bool(found) and "lamp" not in str(found))
    await answer_to(room, "what is the code of the shed, and is its lamp broken?")
    assert "swordfish" in told(room)
    assert "canary" not in told(room)
    assert "lamp is broken" not in told(room)
    assert not rows(tmp_path / "confab.db", "SELECT 1 FROM passage_words WHERE passage_words MATCH 'canary OR lamp'")


async def test_what_was_said_elsewhere_or_by_moderation_refused_is_not_found(room: Room, tmp_path: Path) -> None:
    """Neither what was said directly to the bot, nor in another channel."""
    await switched_on(room, Moderated(), knowledge="all")
    await room.say("The code of the bicycle shed is 4711.", channel="random")
    await room.say("Flag me: the code of the bicycle shed is 4711.")
    await looked_up(tmp_path, 2)
    assert sorted(column(tmp_path / "confab.db", LINES)) == ["", "The code of the bicycle shed is 4711."]
    assert NOTHING in await answer_to(room, CODE)
    assert "4711" not in told(room)


async def test_a_reset_takes_a_conversation_out_of_what_is_looked_up(room: Room, tmp_path: Path) -> None:
    """Else what was to be forgotten would come back as a source."""
    await switched_on(room, knowledge="all")
    root = await room.say(f"{room.mention('the bot')} note that the code of the bicycle shed is 4711.")
    await looked_up(tmp_path, 1)
    await room.until(lambda: room.answers(root))
    await room.go_on(root, f"{room.mention('the bot')} reset")
    await wait_for_column(tmp_path / "confab.db", "SELECT 1 FROM chat_lines", lambda found: not found)
    assert not rows(tmp_path / "confab.db", "SELECT 1 FROM passages")


async def test_silence_begins_another_exchange_and_a_list_counts_them(room: Room, tmp_path: Path) -> None:
    """What was said is one line of the list, however many exchanges it has."""
    await switched_on(room, knowledge="all")
    await said_to_all(room, tmp_path, "The code of the bicycle shed is 4711.")
    grown_old(tmp_path)
    await said_to_all(room, tmp_path, "The lift is broken again.", "It was repaired on Monday.")
    assert len(rows(tmp_path / "confab.db", "SELECT 1 FROM sources")) == 2
    assert "2 exchanges" in await answer_to(room, "sources")
    assert "Only who put it in" in await answer_to(room, "sources remove conversation", by="grace")
    assert time.time() - column(tmp_path / "confab.db", "SELECT min(posted_at) FROM sources")[0] > 3_000


async def test_what_answers_a_command_is_sealed_in_what_was_said(room: Room, tmp_path: Path) -> None:
    """A choice from a message's menu is said as well, and has a token that answers it."""
    await switched_on(room, knowledge="all")
    change(tmp_path / "confab.db", NOTE_ROWS)
    said = await room.say("The code of the bicycle shed is 4711.")
    await room.ask_about(said, "ada")
    await looked_up(tmp_path, 2)
    noted = column(tmp_path / "confab.db", "SELECT value FROM marks WHERE name LIKE 'line %' ORDER BY name")
    handles = [json.loads(each)["handle"] for each in noted]
    assert {each.partition(":")[0] for each in handles} <= {"", "sealed"}
    assert handles[-1]
