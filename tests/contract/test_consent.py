"""The contract of every platform: what changes something waits for a click, and happens once, or not at all."""

import asyncio
import re
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import pytest

from core.consent.settings import ConsentSettings
from core.storage.timeline import TimelineReader
from core.tools.settings import ToolSettings
from deploy.sandbox.openai.model import Reply
from deploy.sandbox.openai.wanted import Wanted
from tests.contract.platform_room import Room, Said, ShownCard, answered, ask
from tests.contract.test_tools import results, script, shown
from tests.support.database import change, column
from tests.support.tools import Probe, ToolSetup, policies_with

T = TypeVar("T")
ORDER = Wanted("order", {"about": "a pizza"})
DATE = re.compile(r"<!date\^\d+\^|<t:\d+:")


def changing(name: str = "order", *, is_idempotent: bool = False) -> Probe:
    """Return a tool that changes something, and that a person is asked about."""
    return Probe(name, "It is done.", is_read_only=False, is_idempotent=is_idempotent, is_trusted=True, consent="auto")


async def rejoin(room: Room, *probes: Probe, consent: ConsentSettings | None = None) -> None:
    """Start the bot anew with these tools."""
    await room.leave()
    await room.join(
        policies_with(*(probe.name for probe in probes)),
        tools=ToolSetup(lambda _: [each.tool for each in probes], ToolSettings(), consent or ConsentSettings()),
    )


async def asked_for(room: Room, said: Said) -> ShownCard:
    """Wait for a card with buttons in a conversation; return the newest."""
    await room.until(lambda: room.cards(said))
    return room.cards(said)[-1]


async def wants(room: Room, question: str = "order it", *calls: Wanted) -> tuple[Said, ShownCard]:
    """Ask something for which the model wants to make calls; return the question and the card."""
    script(room, calls or (ORDER,))
    said = await room.say(f"{room.mention('the bot')} {question}")
    return said, await asked_for(room, said)


async def parked(folder: Path) -> None:
    """Wait until a turn waits, held by nobody."""
    await until(lambda: column(folder / "confab.db", "SELECT parked_until FROM turns WHERE parked_until > 0"))


async def until(found: Callable[[], T]) -> T:
    """Return what is found, once it is."""
    async with asyncio.timeout(30):
        while not (value := found()):  # noqa: ASYNC110 - a file tells nobody
            await asyncio.sleep(0.02)
    return value


async def test_what_changes_something_waits_for_a_click_and_then_happens_once(room: Room, tmp_path: Path) -> None:
    """The card shows what would be done, and says in the end who decided what and when; `why` tells it as well."""
    probe = changing()
    await rejoin(room, probe)
    said, card = await wants(room)
    assert list(card.buttons) == ["Allow", "Always here", "No"]
    assert "`order`" in card.text
    assert '"about": "a pizza"' in card.text
    await parked(tmp_path)
    assert probe.calls == []
    script(room, "Ordered.")
    await room.press(card, "Allow")
    await shown(room, said, "Ordered.")
    assert [arguments for arguments, _ in probe.calls] == [{"about": "a pizza"}]
    assert room.cards(said) == []
    first, *_, last = room.answers(said)
    assert first.startswith("`order`")
    assert "Allowed by <@" in first
    assert DATE.search(first)
    assert last.startswith("Ordered.")
    assert await until(room.whispers)
    (turn,) = await until(lambda: TimelineReader(tmp_path / "confab.db").find_turns(said.id))
    assert [each.what for each in turn.events if each.what in {"asked", "allow", "called"}] == [
        "asked",
        "allow",
        "called",
    ]
    assert room.refusals() == []


async def test_no_means_that_it_does_not_happen_and_the_model_is_told(room: Room) -> None:
    """Nor is the same asked for again in that turn."""
    probe = changing()
    await rejoin(room, probe)
    said, card = await wants(room)
    script(room, ORDER, "As you like.")
    await room.press(card, "No")
    await shown(room, said, "As you like.")
    assert probe.calls == []
    assert "a person refused it" in results(room, 1)[0]
    assert "Refused by <@" in room.answers(said)[0]
    assert len(room.answers(said)) == 2


async def test_always_here_holds_in_the_channel_for_the_tool_and_not_after_outside_content(room: Room) -> None:
    """Another tool, another channel, and a turn that has read something from outside each wait for a click."""
    probe, other, reader = changing(), changing("other"), Probe("reader", is_trusted=False)
    await rejoin(room, probe, other, reader)
    said, card = await wants(room)
    script(room, "Ordered.")
    await room.press(card, "Always here")
    await shown(room, said, "Ordered.")
    script(room, Wanted("order", {"about": "another"}), "Again.")
    said = await ask(room, "and another")
    await shown(room, said, "Again.")
    assert len(probe.calls) == 2
    said, card = await wants(room, "the other one", Wanted("other"))
    script(room, Wanted("order", {"about": "elsewhere"}))
    elsewhere = await room.say(f"{room.mention('the bot')} order it here", channel="random")
    await asked_for(room, elsewhere)
    script(room, Wanted("reader"), Wanted("order", {"about": "as the page says"}))
    tainted = await room.say(f"{room.mention('the bot')} read and order")
    card = await asked_for(room, tainted)
    assert "comes from outside" in card.text
    assert len(probe.calls) == 2
    assert other.calls == []


async def test_what_was_always_allowed_is_taken_back_by_a_word(room: Room, tmp_path: Path) -> None:
    """The next call waits for a click again; where nothing was allowed, that is said."""
    probe = changing()
    await rejoin(room, probe)
    said, card = await wants(room)
    script(room, "Ordered.")
    await room.press(card, "Always here")
    await shown(room, said, "Ordered.")
    await room.go_on(said, f"{room.mention('the bot')} ask again")
    await shown(room, said, "I ask again here before I use")
    assert column(tmp_path / "confab.db", "SELECT tool FROM grants") == []
    await wants(room, "and another", Wanted("order", {"about": "another"}))
    assert len(probe.calls) == 1


async def test_a_card_whose_post_was_not_noted_says_how_it_ended(room: Room, tmp_path: Path) -> None:
    """The process ended between the two, and nobody decided in time: the card is found, and another is not posted."""
    probe = changing()
    await rejoin(room, probe)
    said, _ = await wants(room)
    await parked(tmp_path)
    await room.leave()
    for statement in (
        "UPDATE consents SET until = 1, message_id = ''",
        "UPDATE turns SET parked_until = 1 WHERE parked_until > 0",
        "DELETE FROM steps WHERE name = 'asked'",
    ):
        change(tmp_path / "confab.db", statement)
    script(room, "As nobody said so, I left it.")
    await rejoin(room, probe)
    await shown(room, said, "As nobody said so")
    assert room.cards(said) == []
    assert sum("Nobody decided in time" in each for each in room.answers(said)) == 1
    assert probe.calls == []


async def test_a_click_after_a_restart_works_and_so_does_one_on_a_card_from_before(room: Room, tmp_path: Path) -> None:
    """Nothing of a card is in memory, and what waits holds up nobody."""
    probe = changing()
    await rejoin(room, probe)
    said, card = await wants(room)
    await parked(tmp_path)
    script(room, "Meanwhile.")
    await room.go_on(said, f"{room.mention('the bot')} something else")
    await shown(room, said, "Meanwhile.")
    await rejoin(room, probe)
    script(room, "Ordered.")
    await room.press(card, "Allow")
    await shown(room, said, "Ordered.")
    assert len(probe.calls) == 1


async def test_every_click_is_answered_also_a_second_one_and_somebody_elses(room: Room) -> None:
    """A click that decides nothing changes nothing, and its author is told so."""
    probe = changing()
    await rejoin(room, probe)
    said, card = await wants(room)
    await room.press(card, "Allow", by="grace")
    assert "whoever asked" in (await until(lambda: room.whispers("grace")))[0]
    assert probe.calls == []
    assert room.cards(said)
    script(room, "Ordered.")
    await asyncio.gather(room.press(card, "Allow"), room.press(card, "Allow"), room.press(card, "No"))
    await shown(room, said, "Ordered.")
    await room.press(card, "No")
    await room.press(card, "Allow", by="grace")
    told = await until(lambda: room.whispers() if len(room.whispers()) == 4 else [])
    assert sum("decided already" in each for each in told) == 3
    assert len(probe.calls) == 1
    assert "decided already" in (await until(lambda: room.whispers("grace")[1:]))[0]


async def test_the_operator_says_who_decides(room: Room) -> None:
    """Then whoever asked does not, unless they are named."""
    probe = changing()
    grace = re.sub(r"\W", "", room.mention("grace"))
    await rejoin(room, probe, consent=ConsentSettings(deciders=(f"user:{grace}",)))
    said, card = await wants(room)
    await room.press(card, "Allow")
    assert "the operator has named" in (await until(room.whispers))[0]
    script(room, "Ordered.")
    await room.press(card, "Allow", by="grace")
    await shown(room, said, "Ordered.")
    assert f"Allowed by <@{grace}>" in room.answers(said)[0]
    assert len(probe.calls) == 1


async def test_nobody_decides_in_time_and_the_card_says_so(room: Room) -> None:
    """The model is told, and answers; a click that comes too late is answered, too."""
    probe = changing()
    await rejoin(room, probe, consent=ConsentSettings(timeout=3.0))
    said, card = await wants(room)
    script(room, "Nobody said yes.")
    await shown(room, said, "Nobody said yes.")
    assert "Nobody decided in time" in room.answers(said)[0]
    assert "nobody allowed it in time" in results(room, 1)[0]
    await room.press(card, "Allow")
    assert "decided already" in (await until(room.whispers))[0]
    assert probe.calls == []


async def test_an_edit_a_stop_a_reset_and_a_deletion_end_what_waits(room: Room, tmp_path: Path) -> None:
    """An edited question is answered as it stands now; of one that is deleted or forgotten, nothing is left."""
    probe = changing()
    await rejoin(room, probe)
    said, _ = await wants(room)
    await parked(tmp_path)
    script(room, "Something else then.")
    await room.edit(said, f"{room.mention('the bot')} do not order it")
    await shown(room, said, "Something else then.")
    assert "The question was changed" in room.answers(said)[0]
    assert "do not order it" in str(room.model.requests[-1].body["messages"])

    said, _ = await wants(room, "once more")
    await room.go_on(said, f"{room.mention('the bot')} stop")
    await shown(room, said, "Stopped: nothing more")
    await room.until(lambda: "Stopped, so I did not do it by <@" in room.answers(said)[0])

    said, _ = await wants(room, "a third time")
    await room.go_on(said, f"{room.mention('the bot')} reset")
    await shown(room, said, "Forgotten")
    await room.until(lambda: len(room.answers(said)) == 1)

    said, _ = await wants(room, "a fourth time")
    await parked(tmp_path)
    await room.delete(said)
    await room.until(lambda: not any("a pizza" in each for each in room.answers(said)))
    await until(lambda: column(tmp_path / "confab.db", "SELECT count(*) FROM turns WHERE state = 'open'") == [0])
    assert probe.calls == []


async def test_what_stands_before_a_card_stays_and_the_answer_comes_below_it(room: Room) -> None:
    """Calls that change nothing are made at once, beside those that wait; their line goes away."""
    probe, looking = changing(), Probe("looking", is_trusted=True)
    await rejoin(room, probe, looking)
    room.model.script.append(Reply("I order it.", calls=(ORDER, Wanted("looking"))))
    said = await room.say(f"{room.mention('the bot')} order it")
    card = await asked_for(room, said)
    assert len(looking.calls) == 1
    assert room.answers(said)[0].startswith("I order it.")
    script(room, "It comes at eight.")
    await room.press(card, "Allow")
    await shown(room, said, "It comes at eight.")
    before, decided, after = room.answers(said)
    assert before.startswith("I order it.")
    assert "Allowed" in decided
    assert after.startswith("It comes at eight.")


async def test_secrets_are_hidden_on_the_card_and_sent_to_the_tool(room: Room) -> None:
    """By their name, or by how they look; letters that nobody sees are shown as their numbers."""
    probe = changing()
    await rejoin(room, probe)
    arguments = {"about": "send Bearer abcdefgh12345678 to\u202e it", "password": "hunter2"}
    said, card = await wants(room, "do it", Wanted("order", arguments))
    assert all(word not in card.text for word in ("hunter2", "abcdefgh12345678", "\u202e"))
    assert "\\u202e" in card.text
    assert card.text.count("[hidden]") == 2
    script(room, "Done.")
    await room.press(card, "Allow")
    await shown(room, said, "Done.")
    assert probe.calls[0][0] == arguments


@pytest.mark.parametrize("is_idempotent", [True, False])
async def test_an_allowed_call_in_whose_midst_the_process_ended_happens_no_second_time(
    room: Room, is_idempotent: bool
) -> None:
    """One that is idempotent is made again under the same key; of any other the person is told that it may have."""
    probe = changing(is_idempotent=is_idempotent)
    probe.hold = asyncio.Event()
    await rejoin(room, probe)
    said, card = await wants(room)
    await room.press(card, "Allow")
    await room.until(lambda: probe.calls)
    await room.leave()
    probe.hold.set()
    script(room, "Here I am.")
    await rejoin(room, probe)
    await shown(room, said, "Looked up with" if is_idempotent else "may have happened")
    assert len(probe.calls) == (2 if is_idempotent else 1)
    assert len({context.idempotency_key for _, context in probe.calls}) == 1


async def test_never_is_the_operators_word_and_always_asks_for_what_changes_nothing(room: Room) -> None:
    """`never` holds after outside content as well."""
    probe, asked, reader = changing(), Probe("asked", is_trusted=True), Probe("reader", is_trusted=False)
    probe.consent, asked.consent = "never", "always"
    await rejoin(room, probe, asked, reader)
    script(room, Wanted("reader"), ORDER, "Ordered.")
    said = await ask(room, "read and order")
    await shown(room, said, "Ordered.")
    assert len(probe.calls) == 1
    said, card = await wants(room, "look", Wanted("asked"))
    assert asked.calls == []
    script(room, "Looked.")
    await room.press(card, "Allow")
    await answered(room, said, 2)
    await shown(room, said, "Looked.")
    assert len(asked.calls) == 1
