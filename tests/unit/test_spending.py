"""The ledger: reserved before, settled after, never beyond a cap, and to the token what was called."""

import asyncio
import json
import random
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from zoneinfo import ZoneInfo

import pytest
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st

from bots.metrics import format_counters
from bots.spending import meter_of
from bots.usage_command import usage
from core.errors import ModelError
from core.llm.client import OpenAI
from core.messages import Author, Turn, Usage
from core.policy import ChannelSettings, Policies
from core.spending.caps import Caps, caps_from
from core.spending.charge import Charge, Payer
from core.spending.errors import SpendingRefused
from core.spending.meter import Meter, ModelCall
from core.spending.periods import current_period
from core.spending.price_book import PriceBook
from core.spending.reservations import TurnReservations
from core.spending.settings import PriceSettings, SpendingSettings
from core.storage.erase_everywhere import Person
from core.storage.forgetting import forget_person
from core.storage.settings import StorageSettings
from core.storage.spending import settle_cut_calls
from core.storage.store import Store
from deploy.sandbox.openai.model import FAULTS, Fault, Reply
from deploy.sandbox.openai.stream import count
from tests.support.asking import PROMPT, QUICK, stand_in
from tests.support.examples import in_thread, message
from tests.support.imports import read

PROJECT = Path(__file__).parents[2]
PRICE = PriceSettings.model_validate({"input": 1000, "output": 1000}).to_price()  # a dollar for a thousand tokens
FREE = {"core.llm.moderations", "core.llm.models"}  # OpenAI's moderation costs nothing; a question for a name neither
SENT = ModelCall("stand-in", "host", 100, 50)


def meter(store: Store, *caps: dict[str, object], clock: Callable[[], float] | None = None) -> Meter:
    """Return a meter with these caps."""
    told = SpendingSettings.model_validate({"caps": caps, "requests": 0})
    found = Meter(store, PriceBook({"stand-in": PRICE}), Caps(caps_from(told)))
    return Meter(store, found.book, found.caps, clock) if clock else found


@settings(max_examples=4)
@given(st.integers(0, 2**32), st.sampled_from(["tokens", "dollars", "answers"]), st.sampled_from(["person", "all"]))
def test_sixty_four_turns_at_once_never_spend_more_than_a_cap(seed: int, unit: str, scope: str) -> None:
    """However long the answers are, in whatever order they are claimed and end; some are answered, nothing is left."""
    asyncio.run(_spend_at_once(random.Random(seed), unit, scope))


async def _spend_at_once(chance: random.Random, unit: str, scope: str) -> None:
    most = {"tokens": chance.randint(300, 4_000), "dollars": chance.randint(1, 4), "answers": chance.randint(1, 20)}
    with TemporaryDirectory() as folder:
        store = Store(Path(folder) / "confab.db")
        metered = meter(store, {"scope": scope, "period": "month", unit: most[unit]})
        turns = TurnReservations(metered, lambda _: SENT, 80)
        for number in range(64):
            key = in_thread(str(number))
            await store.add_message(message(number, key=key), if_joined=False)
        await asyncio.gather(*(_answer_one(store, metered, turns, number, chance) for number in range(64)))
        rows = await store.run(
            lambda db: db.execute("SELECT sum(input + output), sum(nanos), sum(answers), count(*) FROM spending")
        )
        held = await store.run(lambda db: db.execute("SELECT count(*) FROM spending WHERE state <> 'done'"))
        await store.close()
    used = dict(
        zip(("tokens", "dollars", "answers"), (rows[0][0] or 0, (rows[0][1] or 0) / 10**9, rows[0][2]), strict=True)
    )
    assert used[unit] <= most[unit]
    assert rows[0][3] > 0 or most[unit] < 300
    assert held == [(0,)]


async def _answer_one(
    store: Store, metered: Meter, turns: TurnReservations, number: int, chance: random.Random
) -> None:
    turn = await store.claim_turn(in_thread(str(number)), turns.reserve_turn)
    assert turn
    if not turn.refusal:
        charge = Charge("answer", Payer.of_message(turn.message, turn.id))
        try:
            async with metered.measure(charge, SENT) as call:
                await asyncio.sleep(0)
                asked, said = chance.randint(60, 100), chance.randint(0, 50)
                call.note_usage(
                    Usage(asked, said, chance.randint(0, asked), "stand-in") if chance.random() < 0.8 else None
                )
        except SpendingRefused:
            pass
    await store.finish_turn(turn, [], "done", {})


@pytest.mark.parametrize("turns", [60, pytest.param(10_000, marks=pytest.mark.prove)])
async def test_the_ledger_holds_to_the_token_what_was_called(turns: int, tmp_path: Path) -> None:
    """Of random calls with faults: refused ones cost nothing, those that were cut off stand there as estimated."""
    chance, whole, cut = random.Random(19), [0, 0, 0, 0], [0]
    store = Store(tmp_path / "confab.db")
    async with stand_in() as asking:

        def talk(body: dict[str, object]) -> Reply | Fault:
            kind = chance.choice(["whole", "whole", "whole", "broken", "500", "429"])
            if kind in FAULTS:
                return FAULTS[kind]
            reply = Reply(
                "word " * chance.randint(1, 9),
                cached=chance.randint(0, 9),
                ending="cut" if kind == "broken" else "done",
            )
            asked = count(body["messages"])  # type: ignore[arg-type] # as the client sends it
            if kind == "broken":
                cut[0] += 1
            else:
                added = (1, asked, len(reply.deltas()), min(reply.cached, asked))
                whole[:] = [before + each for before, each in zip(whole, added, strict=True)]
            return reply

        asking.model.talk = talk
        options = QUICK.model_copy(update={"base_url": f"{asking.url}/v1", "retry_deadline": 0.0})
        model = OpenAI(options, asking.http, meter(store))

        async def ask_once(number: int) -> None:
            payer = Payer("slack", "T1", "C1", "", f"U{number % 7}", f"turn-{number}")
            try:
                async for _ in model.chat(PROMPT, Charge("answer", payer)):
                    pass
            except ModelError:
                pass

        for first in range(0, turns, 20):
            await asyncio.gather(*map(ask_once, range(first, first + 20)))
    sums = "SELECT count(*), sum(input), sum(output), sum(cached) FROM spending WHERE estimated = 0 AND state = 'done'"
    assert list((await store.run(lambda db: db.execute(sums)))[0]) == whole
    estimated = "SELECT count(*) FROM spending WHERE estimated = 1 AND state = 'done' AND input > 0 AND output > 0"
    assert (await store.run(lambda db: db.execute(estimated)))[0][0] == cut[0]
    assert (await store.run(lambda db: db.execute("SELECT count(*) FROM spending")))[0][0] == whole[0] + cut[0]
    await store.close()


def test_whatever_is_sent_to_an_endpoint_goes_through_the_meter() -> None:
    """A module that posts something is named here with its purpose, so that nothing that costs is forgotten."""
    posting = {each.name for each in read(PROJECT, "core/llm") if '"POST"' in (PROJECT / _path(each.name)).read_text()}
    measured = {"core.llm.transcriptions", "core.llm.embeddings", "core.llm.rerank"}
    assert posting - FREE == {"core.llm.stream", *measured}
    for name in ("core.llm.client", "core.voice.local", *measured):
        assert "_meter.measure(" in (PROJECT / _path(name)).read_text(), name


def _path(module: str) -> str:
    """Return where a module is."""
    path = module.replace(".", "/")
    return f"{path}.py" if (PROJECT / f"{path}.py").is_file() else f"{path}/__init__.py"


async def claimed(store: Store, turns: TurnReservations, number: int) -> Turn:
    """Claim the question of a thread, which must be there."""
    turn = await store.claim_turn(in_thread(str(number)), turns.reserve_turn)
    assert turn
    return turn


async def test_a_guard_that_fails_denies(tmp_path: Path) -> None:
    """Whatever goes wrong while a turn is reserved, it is not answered for nothing."""
    store = Store(tmp_path / "confab.db")
    turns = TurnReservations(meter(store), lambda key: SENT if key.thread == "1" else 1 / 0)  # type: ignore[arg-type,return-value]
    for number in (1, 2):
        await store.add_message(message(number, key=in_thread(str(number))), if_joined=False)
    assert (await claimed(store, turns, 1)).refusal is None
    assert type((await claimed(store, turns, 2)).refusal).__name__ == "SpendingUncertain"
    await store.close()


async def test_a_turn_that_is_tried_again_is_reserved_once(tmp_path: Path) -> None:
    """What an earlier attempt reserved is let go, what it sent is kept, and it counts as one answer."""
    store = Store(tmp_path / "confab.db")
    metered = meter(store, {"scope": "person", "period": "day", "answers": 1})
    turns = TurnReservations(metered, lambda _: SENT)
    await store.add_message(message(1, key=in_thread("1")), if_joined=False)
    for attempt in range(3):
        turn = await claimed(store, turns, 1)
        assert turn.refusal is None
        async with metered.measure(Charge("answer", Payer.of_message(turn.message, turn.id)), SENT):
            pass
        if attempt < 2:
            await store.release_turn(turn, "Trouble")
    rows = await store.run(lambda db: db.execute("SELECT state, answers, estimated FROM spending ORDER BY seq"))
    assert rows == [("done", 0, 1), ("done", 0, 1), ("done", 1, 1)]
    await store.close()


async def test_what_rolls_goes_on_as_soon_as_enough_has_passed(tmp_path: Path) -> None:
    """A minute and an hour roll; the sentence says in how many seconds."""
    store = Store(tmp_path / "confab.db")
    turns = TurnReservations(meter(store, {"scope": "person", "period": "minute", "answers": 1}), lambda _: SENT)
    for number in (1, 2):
        await store.add_message(message(number, key=in_thread(str(number))), if_joined=False)
    assert (await claimed(store, turns, 1)).refusal is None
    await store.run(lambda db: db.execute("UPDATE spending SET at = at - 20"))
    refusal = (await claimed(store, turns, 2)).refusal
    assert refusal
    assert "1 answer a minute; I go on in 40 seconds" in refusal.notice
    await store.close()


async def test_who_is_forgotten_does_not_begin_a_cap_anew(tmp_path: Path) -> None:
    """What they had spent counts on under a keyed hash; their id is nowhere."""
    store = Store(tmp_path / "confab.db")
    metered = meter(store, {"scope": "person", "period": "day", "answers": 1})
    turns = TurnReservations(metered, lambda _: SENT)
    await store.add_message(message(1, key=in_thread("1")), if_joined=False)
    first = await claimed(store, turns, 1)
    async with metered.measure(Charge("answer", Payer.of_message(first.message, first.id)), SENT):
        pass
    asked = first.message
    await store.run(lambda db: forget_person(db, Person(asked.key.platform, "", asked.author.id)))
    rows = await store.run(lambda db: db.execute("SELECT person, channel, turn_id FROM spending"))
    assert rows[0][0].startswith("forgotten ")
    assert asked.author.id not in str(rows)
    await store.add_message(message(2, key=in_thread("2")), if_joined=False)
    assert (await claimed(store, turns, 2)).refusal
    await store.close()


async def test_a_role_bounds_each_person_who_has_it(tmp_path: Path) -> None:
    """Others not at all."""
    store = Store(tmp_path / "confab.db")
    turns = TurnReservations(meter(store, {"scope": "role", "id": "R1", "period": "day", "answers": 0}), lambda _: SENT)
    for number, roles in ((1, ("R1",)), (2, ("R2",))):
        asked = replace(message(number, key=in_thread(str(number))), author=Author("U1", "Ada", roles=roles))
        await store.add_message(asked, if_joined=False)
    assert (await claimed(store, turns, 1)).refusal
    assert (await claimed(store, turns, 2)).refusal is None
    await store.close()


NOON = datetime(2026, 3, 29, 12, tzinfo=ZoneInfo("Europe/Berlin")).timestamp()  # a day of 23 hours, a Sunday


@pytest.mark.parametrize(
    ("period", "since", "until"),
    [
        ("day", "2026-03-29T00:00:00+01:00", "2026-03-30T00:00:00+02:00"),
        ("week", "2026-03-23T00:00:00+01:00", "2026-03-30T00:00:00+02:00"),
        ("month", "2026-03-01T00:00:00+01:00", "2026-04-01T00:00:00+02:00"),
    ],
)
def test_a_day_a_week_and_a_month_are_the_calendars(period: str, since: str, until: str) -> None:
    """Also on the day on which the clocks are put forward."""
    found = current_period(period, NOON, "Europe/Berlin")  # type: ignore[arg-type] # a literal
    assert found.since == datetime.fromisoformat(since).timestamp()
    assert found.until == datetime.fromisoformat(until).timestamp()


def test_the_longest_answer_is_bounded_only_where_a_cap_has_to_know_it() -> None:
    """By the operator's word elsewhere; by a part of the cap where that is small."""
    told = [{"scope": "all", "period": "day", "answers": 1}]
    assert Caps(caps_from(SpendingSettings.model_validate({"caps": told}))).longest_answer("m", None) is None
    for amount, longest in (({"tokens": 1_000}, 250), ({"tokens": 10**6}, 8_192), ({"dollars": 4}, 1_000)):
        caps = SpendingSettings.model_validate({"caps": [{"scope": "all", "period": "day", **amount}]})
        assert Caps(caps_from(caps)).longest_answer("m", PRICE) == longest


async def test_an_operator_reads_what_was_spent_in_three_forms(tmp_path: Path) -> None:
    """By whom, by day and by purpose, in the shapes that others rely on; what is unknown is null."""
    store = Store(tmp_path / "confab.db")
    policies = Policies(ChannelSettings(), {})
    told = SpendingSettings.model_validate({"prices": {"known": {"input": 1, "cached": 0.5, "output": 2}}})
    metered = meter_of(told, store, policies)
    for model, person in (("known", "U1"), ("known", "U2"), ("unknown", "U1")):
        charge = Charge("answer", Payer("slack", "T1", "C1", "", person))
        async with metered.measure(charge, ModelCall(model, "host")) as call:
            call.note_usage(Usage(1_000, 100, 400, model, reasoning_tokens=30))
    async with metered.measure(Charge("transcription", Payer("slack"), seconds=1.5), ModelCall("known", "host")):
        pass
    await store.run(settle_cut_calls)
    await store.close()

    def run(*arguments: str) -> str:
        done = CliRunner().invoke(usage, arguments, obj=StorageSettings(database=str(tmp_path / "confab.db")))
        assert done.exit_code == 0, done.output
        return done.output

    assert json.loads(run("--json"))[0] == {
        "purpose": "answer", "model": "known", "scope": "all", "calls": 2, "input": 2_000, "cached": 800, "output": 200,
        "reasoning": 60, "audio_seconds": 0.0, "dollars": 0.002, "estimated": 0,
    }  # fmt: skip
    unknown = [row for row in json.loads(run("--json")) if row["model"] == "unknown"]
    assert [(row["dollars"], row["calls"]) for row in unknown] == [(None, 1)]
    people = {row["scope"] for row in json.loads(run("--json", "--by", "person"))}
    assert {"slack:T1:U1", "slack:T1:U2"} <= people
    days = {row["scope"] for row in json.loads(run("--json", "--by", "day"))}
    assert days == {datetime.now(ZoneInfo("UTC")).strftime("%Y-%m-%d")}
    for by in ("channel", "model", "purpose"):
        assert sum(row["calls"] for row in json.loads(run("--json", "--by", by))) == 4
    assert json.loads(run("--json", "--since", "2999-01-01")) == []
    assert (
        run("--csv").splitlines()[0].startswith("purpose,model,scope,calls,input,cached,output,reasoning,audio_seconds")
    )
    assert "unknown" in run()
    counters = format_counters(metered.totals)
    assert 'confab_model_input_tokens_total{purpose="answer",model="known"} 2000' in counters
    assert "U1" not in counters
