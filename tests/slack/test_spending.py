"""What answers cost in Slack: each call in the ledger, and what may be spent held before it is."""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from core.errors import PlatformError
from core.messages import ConversationKey
from core.preferences.settings import PreferenceSettings
from core.spending.digest import UsageDigest
from core.spending.settings import SpendingSettings
from core.storage.store import Store
from deploy.sandbox.openai.model import FAULTS, Reply
from deploy.sandbox.openai.wanted import Wanted
from deploy.sandbox.slack.interactions import use_command
from deploy.sandbox.wire.server import Sandbox
from tests.support.bot import GENERAL, Setup, running
from tests.support.room import answers, ask, mention
from tests.support.tools import ToolSetup, built_in_tools

PRICED = {"stand-in": {"input": 100, "cached": 10, "output": 200}}
RESERVED = (
    "INSERT INTO spending (id, at, platform, workspace, channel, thread, person, turn_id, purpose, model, host, state, "
    "held_tokens) VALUES ('gone', 1.0, 'slack', 'T1', 'C1', '', 'U1', 'gone', 'answer', '', '', 'reserved', 9)"
)
NOON = datetime(2031, 3, 30, 12, tzinfo=UTC).timestamp()
ADA, GRACE = "U0ADA1234", "U0GRACE12"


def costing(**told: Any) -> Setup:
    """Return a bot with these prices and caps."""
    return Setup(spending=SpendingSettings.model_validate({"requests": 0, **told}), max_tokens=told.pop("longest", 64))


async def ledger(store: Store) -> list[Mapping[str, Any]]:
    """Return every row of the ledger, oldest first."""
    names = ("purpose", "state", "input", "cached", "output", "nanos", "estimated", "answers", "person", "channel")
    rows = await store.run(lambda db: db.execute(f"SELECT {', '.join(names)} FROM spending ORDER BY seq"))  # noqa: S608 - of the test
    return [dict(zip(names, row, strict=True)) for row in rows]


async def settled(store: Store, number: int) -> list[Mapping[str, Any]]:
    """Wait until so many calls are in the ledger, none of them under way."""
    return await until(store, lambda rows: len(rows) == number and all(row["state"] == "done" for row in rows))


async def until(store: Store, holds: Callable[[list[Mapping[str, Any]]], bool]) -> list[Mapping[str, Any]]:
    """Wait until something holds of the ledger; return it."""
    async with asyncio.timeout(30):
        while not holds(rows := await ledger(store)):  # noqa: ASYNC110 - a database tells nobody
            await asyncio.sleep(0.01)
    return rows


def private(sandbox: Sandbox) -> list[str]:
    """Return what was shown to one person alone."""
    return [post.shown for _, post in sandbox.workspace.whispered]


async def test_an_answer_is_in_the_ledger_as_the_endpoint_reported_it(sandbox: Sandbox, tmp_path: Path) -> None:
    """Its tokens to the last one, the cached ones among them, and what it cost by the operator's price."""
    async with running(sandbox, tmp_path / "a.db", costing(prices=PRICED)) as bot:
        sandbox.model.script.append(Reply("one two three", cached=8))
        await ask(sandbox, "hello")
        (row,) = await settled(bot.store, 1)
    asked = sum(len(message["content"]) // 4 + 4 for message in sandbox.model.requests[0].messages)
    cost = (asked - 8) * 100_000 + 8 * 10_000 + 3 * 200_000
    assert row == {
        "purpose": "answer", "state": "done", "input": asked, "cached": 8, "output": 3, "nanos": cost, "estimated": 0,
        "answers": 1, "person": ADA, "channel": GENERAL,
    }  # fmt: skip


async def test_what_the_endpoint_says_it_took_is_believed_unless_the_operator_says_a_price(
    sandbox: Sandbox, tmp_path: Path
) -> None:
    """And where nobody says one, it is unknown, which is not nothing."""
    async with running(sandbox, tmp_path / "a.db", costing()) as bot:
        sandbox.model.script.extend([Reply("one", cost=0.00125), Reply("two")])
        await ask(sandbox, "hello")
        await ask(sandbox, "and")
        assert [row["nanos"] for row in await settled(bot.store, 2)] == [1_250_000, None]
    async with running(sandbox, tmp_path / "b.db", costing(prices={"stand-in": {"input": 0, "output": 1}})) as bot:
        sandbox.model.script.append(Reply("one two", cost=0.00125))
        await ask(sandbox, "hello")
        assert [row["nanos"] for row in await settled(bot.store, 1)] == [2_000]


async def test_each_round_of_tools_and_each_try_after_a_cut_is_a_row(sandbox: Sandbox, tmp_path: Path) -> None:
    """What was cut off is there as estimated, what was refused at once costs nothing."""
    setup = replace(costing(prices=PRICED), tools=ToolSetup(built_in_tools))
    async with running(sandbox, tmp_path / "a.db", setup) as bot:
        sandbox.model.script.extend(
            [FAULTS["500"], Reply(calls=(Wanted("time"),)), Reply("", ending="cut"), Reply("It is late.")]
        )
        await ask(sandbox, "how late is it?")
        rows = await settled(bot.store, 3)
    assert [(row["purpose"], row["estimated"], row["answers"]) for row in rows] == [
        ("answer", 0, 1), ("tool_round", 1, 0), ("tool_round", 0, 0),
    ]  # fmt: skip
    assert all(row["input"] > 0 and row["nanos"] for row in rows)


async def test_a_cap_on_answers_refuses_the_next_one_to_the_asker_alone(sandbox: Sandbox, tmp_path: Path) -> None:
    """With when it goes on, and without a call; another person still is answered."""
    caps = [{"scope": "person", "period": "day", "answers": 2}]
    async with running(sandbox, tmp_path / "a.db", costing(caps=caps)) as bot:
        for text in ("one", "two"):
            await ask(sandbox, text)
        thread = await sandbox.workspace.say(GENERAL, mention("three"))
        await sandbox.workspace.until(lambda: private(sandbox))
        (said,) = private(sandbox)
        assert "2 answers a day" in said
        assert "at 00:00 (UTC)" in said
        assert answers(sandbox, thread) == []
        assert len(sandbox.model.requests) == 2
        await sandbox.workspace.say(GENERAL, mention("and I?"), user=GRACE)
        await sandbox.model.until(lambda: len(sandbox.model.requests) == 3)
        await settled(bot.store, 3)


async def test_an_answer_that_failed_uses_up_none(sandbox: Sandbox, tmp_path: Path) -> None:
    """Nor does one for which there was no model."""
    caps = [{"scope": "person", "period": "day", "answers": 1}]
    async with running(sandbox, tmp_path / "a.db", costing(caps=caps)):
        sandbox.model.script.extend([FAULTS["401"], Reply("here")])
        first, second = await ask(sandbox, "one"), await ask(sandbox, "two")
        assert "here" in answers(sandbox, second)[0]
        assert "here" not in answers(sandbox, first)[0]
        await sandbox.workspace.say(GENERAL, mention("three"))
        await sandbox.workspace.until(lambda: private(sandbox))


async def test_no_more_is_spent_than_a_cap_lets_through(sandbox: Sandbox, tmp_path: Path) -> None:
    """Money and tokens, of many who ask at once: what was called never exceeds it, and something was answered."""
    caps = [
        {"scope": "all", "period": "month", "dollars": 0.2},
        {"scope": "channel", "id": GENERAL, "period": "hour", "tokens": 1_500},
    ]
    async with running(sandbox, tmp_path / "a.db", costing(prices=PRICED, caps=caps)) as bot:
        sandbox.model.talk = lambda _: Reply("word " * 20)
        for number in range(24):
            await sandbox.workspace.say(GENERAL, mention(f"question {number}"), user=(ADA, GRACE)[number % 2])
        await sandbox.workspace.until(lambda: len(private(sandbox)) + len(sandbox.model.requests) >= 24)
        rows = await settled(bot.store, len(sandbox.model.requests))
    assert 0 < sum(row["nanos"] for row in rows) <= 200_000_000
    assert 500 < sum(row["input"] + row["output"] for row in rows) <= 1_500


async def test_who_is_exempt_goes_on_and_a_role_of_nobody_holds_nobody(sandbox: Sandbox, tmp_path: Path) -> None:
    """By the id that the platform gives."""
    caps = [
        {"scope": "person", "period": "day", "answers": 0, "exempt": [f"user:{ADA}"]},
        {"scope": "role", "period": "day", "answers": 0},
        {"scope": "workspace", "id": "T0OTHER", "period": "week", "answers": 0},
        {"scope": "model", "id": "another", "period": "minute", "tokens": 0},
    ]
    async with running(sandbox, tmp_path / "a.db", costing(caps=caps)):
        await ask(sandbox, "one")
        await sandbox.workspace.say(GENERAL, mention("and I?"), user=GRACE)
        await sandbox.workspace.until(lambda: private(sandbox))


async def test_a_cap_in_money_denies_where_nobody_knows_the_price(sandbox: Sandbox, tmp_path: Path) -> None:
    """An unknown price is not nothing."""
    async with running(sandbox, tmp_path / "a.db", costing(caps=[{"scope": "all", "period": "day", "dollars": 5}])):
        await sandbox.workspace.say(GENERAL, mention("hello"))
        await sandbox.workspace.until(lambda: private(sandbox))
        assert sandbox.model.requests == []


async def test_one_person_asks_only_so_often_in_a_minute(sandbox: Sandbox, tmp_path: Path) -> None:
    """What comes beyond that is refused, told once, and not called for."""
    async with running(sandbox, tmp_path / "a.db", costing(requests=3)) as bot:
        for number in range(8):
            await sandbox.workspace.say(GENERAL, mention(f"question {number}"))
        await sandbox.workspace.until(lambda: private(sandbox))
        done = "SELECT count(*) FROM turns WHERE state <> 'open'"
        async with asyncio.timeout(30):
            while (await bot.store.run(lambda db: db.execute(done)))[0][0] < 8:  # noqa: ASYNC110 - as above
                await asyncio.sleep(0.01)
        assert (len(sandbox.model.requests), len(private(sandbox))) == (3, 1)


async def test_what_a_stop_cuts_off_stays_as_estimated(sandbox: Sandbox, tmp_path: Path) -> None:
    """The prompt that was sent, and what had come of the answer by then."""
    async with running(sandbox, tmp_path / "a.db", costing(prices=PRICED)) as bot:
        hold = asyncio.Event()
        sandbox.model.script.append(Reply("one two three four", hold=hold, hold_after=3))
        thread = await sandbox.workspace.say(GENERAL, mention("count"))
        await sandbox.workspace.until(lambda: answers(sandbox, thread))
        await sandbox.workspace.say(GENERAL, mention("stop"), thread_ts=thread)
        (row,) = await settled(bot.store, 1)
        hold.set()
    assert row["estimated"] == 1
    assert row["input"] > 0
    assert 0 < row["output"] <= 8


async def test_nothing_is_held_for_good(sandbox: Sandbox, tmp_path: Path) -> None:
    """What a process that is gone reserved is let go, and what it sent stays as it was noted last."""
    database = tmp_path / "a.db"
    hold = asyncio.Event()
    async with running(sandbox, database, costing(prices=PRICED)) as bot:
        sandbox.model.script.append(Reply("one two three four", hold=hold, hold_after=3))
        await sandbox.workspace.say(GENERAL, mention("count"))
        await until(bot.store, lambda rows: any(row["output"] for row in rows))
        await bot.store.run(lambda db: db.execute(RESERVED))
    async with running(sandbox, database, costing(prices=PRICED)) as bot:
        hold.set()
        rows = await settled(bot.store, 2)
        held = await bot.store.run(lambda db: db.execute("SELECT sum(held_tokens), sum(held_nanos) FROM spending"))
    assert held == [(0, 0)]
    assert [row["estimated"] for row in rows] == [1, 0]


async def test_a_person_reads_what_they_used_and_what_is_left(sandbox: Sandbox, tmp_path: Path) -> None:
    """By mention, and by slash command to themselves alone; of others only an administrator is told."""
    caps = [{"scope": "person", "period": "day", "answers": 3}]
    setup = replace(
        costing(prices=PRICED, caps=caps), preferences=PreferenceSettings(administrators=(f"user:{GRACE}",))
    )
    async with running(sandbox, tmp_path / "a.db", setup) as bot:
        await ask(sandbox, "one")
        await settled(bot.store, 1)
        thread = await ask(sandbox, "usage")
        (told,) = answers(sandbox, thread)
        assert "You, today: 1 answer; " in told
        assert "3 answers a day, 2 answers left" in told
        assert "All, this month" not in told
        await use_command(sandbox.workspace, GENERAL, "usage", GRACE)
        await sandbox.workspace.until(lambda: private(sandbox))
        assert "You, today: nothing yet" in private(sandbox)[0]
        assert "All, this month: 1 answer; " in private(sandbox)[0]
    assert len(sandbox.model.requests) == 1


async def test_an_administrator_lifts_caps_from_the_chat_until_the_days_end(sandbox: Sandbox, tmp_path: Path) -> None:
    """Nobody else does, and who did it is kept."""
    caps = [{"scope": "person", "period": "month", "answers": 0}]
    setup = replace(costing(caps=caps), preferences=PreferenceSettings(administrators=(f"user:{GRACE}",)))
    async with running(sandbox, tmp_path / "a.db", setup) as bot:
        assert "Only an administrator" in answers(sandbox, await ask(sandbox, "uncap"))[0]
        await use_command(sandbox.workspace, GENERAL, f"uncap <@{ADA}|ada>", GRACE)
        await sandbox.workspace.until(lambda: private(sandbox))
        assert "tomorrow at 00:00 (UTC)" in private(sandbox)[0]
        await ask(sandbox, "one")
        rows = await bot.store.run(lambda db: db.execute("SELECT person, lifted_by FROM lifted_caps"))
        assert rows == [(ADA, GRACE)]
        await use_command(sandbox.workspace, GENERAL, "usage", GRACE)
        await sandbox.workspace.until(lambda: len(private(sandbox)) == 2)
        audit = "SELECT action, detail FROM audit ORDER BY seq"
        deeds = [("lifted caps", "of a person"), ("read what others have spent", "")]
        assert await bot.store.run(lambda db: db.execute(audit)) == deeds
        await sandbox.workspace.say(GENERAL, mention("and I?"), user=GRACE)
        await sandbox.workspace.until(lambda: len(private(sandbox)) == 3)
    assert len(sandbox.model.requests) == 1


async def test_most_of_a_cap_is_told_of_once(sandbox: Sandbox, tmp_path: Path) -> None:
    """To the person alone, when four fifths of it are used."""
    caps = [{"scope": "person", "period": "day", "answers": 5}]
    async with running(sandbox, tmp_path / "a.db", costing(caps=caps)):
        for number in range(5):
            await ask(sandbox, f"question {number}")
            if number == 3:  # what is asked before it is told may use up the rest, and then the refusal tells
                await sandbox.workspace.until(lambda: private(sandbox))
        await sandbox.workspace.say(GENERAL, mention("one more"))
        await sandbox.workspace.until(lambda: len(private(sandbox)) == 2)
        warning, refusal = private(sandbox)
    assert "used 80 % of the limit of 5 answers a day" in warning
    assert "reached the limit" in refusal


async def test_a_channel_is_told_once_what_the_day_before_cost(sandbox: Sandbox, tmp_path: Path) -> None:
    """From nine on, in the zone that holds there; again after a refusal, and nothing of a day without a call."""
    at = datetime(2031, 3, 30, 8, 59, tzinfo=ZoneInfo("Europe/Berlin"))
    async with running(sandbox, tmp_path / "a.db", costing(prices=PRICED)) as bot:
        await ask(sandbox, "one")
        await settled(bot.store, 1)
        yesterday = (at - timedelta(days=1)).replace(hour=23, minute=59).timestamp()
        await bot.store.run(lambda db: db.execute("UPDATE spending SET at = ?", (yesterday,)))
        now = [at.timestamp()]
        place = ConversationKey("slack", "", GENERAL, "")
        digest = UsageDigest(bot.store, {"slack": bot.slack}, [place], lambda _: "Europe/Berlin", lambda: now[0])
        for minutes in (0, 1, 2, 24 * 60):
            now[0] = at.timestamp() + minutes * 60
            if minutes == 1:
                sandbox.workspace.faults.codes["chat.postMessage"] = ["restricted_action"]
                with pytest.raises(PlatformError):
                    await digest.tell_if_due(place)
            await digest.tell_if_due(place)
    told = [post.shown for post in sandbox.workspace.posts(GENERAL) if "What answers cost" in post.shown]
    assert len(told) == 1
    assert "Saturday, 29 March" in told[0]
    assert "1 answer;" in told[0]
    assert "stand-in" in told[0]


async def test_a_channel_that_breaks_its_digest_breaks_no_other(sandbox: Sandbox, tmp_path: Path) -> None:
    """As one whose time zone nobody knows."""
    async with running(sandbox, tmp_path / "a.db", costing(prices=PRICED)) as bot:
        await ask(sandbox, "one")
        await settled(bot.store, 1)
        await bot.store.run(lambda db: db.execute("UPDATE spending SET at = ?", (NOON - 86_400.0,)))
        places = [ConversationKey("slack", "", channel, "") for channel in ("C0NOWHERE", GENERAL)]
        zones = {GENERAL: "UTC"}
        digest = UsageDigest(bot.store, {"slack": bot.slack}, places, lambda key: zones[key.channel], lambda: NOON)
        telling = asyncio.create_task(digest.run())
        await sandbox.workspace.until(
            lambda: any("What answers cost" in post.shown for post in sandbox.workspace.posts(GENERAL))
        )
        telling.cancel()
