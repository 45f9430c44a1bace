"""The contract of every platform: an answer over several messages keeps its structure in each of them."""

from deploy.sandbox.openai.model import Reply
from tests.contract.platform_room import Room

WORDS = "word " * 60
NESTED = "".join(f"- item {number}\n  - {WORDS}\n    - {WORDS}\n" for number in range(7))
LINKS = "see [the plan of all that is to come](https://example.org/plan) and " * 60
CONJUNCTS = "\u0915\u094d\u0937" * 900


async def parts_of(room: Room, markdown: str) -> list[str]:
    """Let the model answer with a text; return the messages in which it is shown once it is whole."""
    room.model.script.append(
        Reply(pieces=tuple(markdown[start : start + 900] for start in range(0, len(markdown), 900)))
    )
    said = await room.say(f"{room.mention('the bot')} show me")
    end = markdown.rstrip()[-6:]
    await room.until(lambda: "".join(room.answers(said)).endswith(end))
    return room.answers(said)


async def test_what_a_cut_runs_through_goes_on_in_the_next_message(room: Room) -> None:
    """Nested lists, links, marks within one line of 5,000 letters, and what is one letter to the eye."""
    nested = await parts_of(room, NESTED)
    assert len(nested) > 1
    assert all(part.startswith("- ") for part in nested)
    assert all(line.lstrip().startswith(("- ", "word")) for part in nested for line in part.split("\n"))
    marked = await parts_of(room, f"||**{'word ' * 900}end**||")
    assert len(marked) > 1
    assert all(part.startswith("||**") and part.endswith("**||") and part.count("||") == 2 for part in marked)
    linked = await parts_of(room, f"{LINKS}{CONJUNCTS} end")
    assert len(linked) > 1
    assert all(part.count("[") == part.count("](https://example.org/plan)") for part in linked)
    assert all(part.count("\u0915") == part.count("\u094d\u0937") for part in linked)


async def test_bold_beside_wide_letters_is_bold(room: Room) -> None:
    """Where CommonMark would show asterisks, its mark stands where it takes it for one."""
    room.model.script.append(Reply("**\u6ce8\u610f\uff1a**\u6b63\u6587"))
    said = await room.say(f"{room.mention('the bot')} show me")
    await room.until(lambda: "\u6b63\u6587" in "".join(room.answers(said)))
    assert room.answers(said)[0] in {"**\u6ce8\u610f\uff1a**\u6b63\u6587", "**\u6ce8\u610f**\uff1a\u6b63\u6587"}
