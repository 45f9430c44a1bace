"""Rate limits of Discord's that last: nobody waits for them, and the log says which it is and until when."""

import asyncio
import time
from pathlib import Path

import discord
import pytest

from bots.discord.calls import DiscordRateLimit, call_persistently, finish_unawaited
from deploy.sandbox.discord.roster import GENERAL, RANDOM
from deploy.sandbox.wire.server import Sandbox
from tests.support.discord_bot import running
from tests.support.discord_room import answered, answers, ask, mention, nothing_happens

in_discord = pytest.mark.usefixtures("discord_bot")

HOUR = 3_600.0
COMMANDS = "bulk_overwrite_global_application_commands"


def limits_told(capfd: pytest.CaptureFixture[str]) -> list[str]:
    """Return the lines of the log that tell of a limit."""
    return [line for line in "".join(capfd.readouterr()).splitlines() if "discord rate limit" in line]


async def next_limits(capfd: pytest.CaptureFixture[str]) -> list[str]:
    """Wait until the log tells of a limit; return its lines."""
    lines: list[str] = []
    async with asyncio.timeout(30):
        while not lines:
            await asyncio.sleep(0.01)
            lines = limits_told(capfd)
    return lines


async def test_a_limit_on_commands_for_an_hour_keeps_nobody_from_being_heard(
    sandbox: Sandbox, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """30034, as on any start where the commands have changed; the network is not blamed."""
    sandbox.guild.faults.codes[COMMANDS] = [30034]
    sandbox.guild.faults.code_wait = HOUR
    async with running(sandbox, tmp_path / "d.db"):
        await ask(sandbox, "hi")
        lines = await next_limits(capfd)
    assert COMMANDS in lines[0]
    assert "3600" in lines[0]
    assert "until=" in lines[0]


@pytest.mark.prove  # discord.py waits out any limit of thirty seconds
async def test_commands_that_are_limited_are_registered_once_the_limit_is_over(
    sandbox: Sandbox, tmp_path: Path
) -> None:
    """Without another start."""
    sandbox.guild.faults.codes[COMMANDS] = [30034]
    sandbox.guild.faults.code_wait = 32.0
    async with running(sandbox, tmp_path / "d.db"):
        await sandbox.guild.until(lambda: bool(sandbox.guild.interactions.global_commands), timeout=90)


@pytest.mark.parametrize("code", [20028, 0])
@in_discord
async def test_where_a_thread_may_not_be_opened_soon_the_answer_goes_under_the_question(
    sandbox: Sandbox, code: int, capfd: pytest.CaptureFixture[str]
) -> None:
    """Whether the limit has a code of its own or is the route's; the next question there is answered as well."""
    route = "start_thread_from_message"
    if code:
        sandbox.guild.faults.codes[route], sandbox.guild.faults.code_wait = [code] * 2, 600.0
    else:
        sandbox.guild.faults.rate_limited[route] = time.monotonic() + 600.0
    await sandbox.guild.say(GENERAL, mention("hi"))
    assert len(await answered(sandbox, GENERAL)) == 1
    assert route in limits_told(capfd)[0]
    await sandbox.guild.say(GENERAL, mention("and?"))
    assert len(await answered(sandbox, GENERAL, 2)) == 2


@pytest.mark.parametrize("route", ["create_message", "trigger_typing_indicator", "get_channel_messages"])
@in_discord
async def test_a_limit_on_one_call_holds_up_its_own_place_alone_and_loses_nothing(sandbox: Sandbox, route: str) -> None:
    """What may be posted later is, once and with the answer that the model made to the first attempt."""
    faults = sandbox.guild.faults
    faults.codes[route], faults.code_wait = [20028] * 3, 600.0
    thread = await sandbox.guild.say(GENERAL, mention("hi"))
    elsewhere = await sandbox.guild.say(RANDOM, mention("hi"))
    await answered(sandbox, elsewhere)
    await answered(sandbox, thread)
    await nothing_happens(sandbox, calls=2)
    assert len(answers(sandbox, thread)) == len(answers(sandbox, elsewhere)) == 1


@in_discord
async def test_a_limit_on_all_calls_is_waited_for_and_then_over(sandbox: Sandbox) -> None:
    """Also where the call that met it is of no use any more meanwhile: the others would wait for ever."""
    faults = sandbox.guild.faults
    faults.limits_all = True
    faults.rate_limited["trigger_typing_indicator"] = time.monotonic() + 1.0
    thread = await ask(sandbox, "hi")
    await sandbox.guild.say(thread, "and?")
    assert len(await answered(sandbox, thread, 2)) == 2


async def test_a_call_goes_on_though_nobody_waits_for_it_any_more() -> None:
    """Cancelled in the midst of a limit on all calls, discord.py would never open the others again."""
    begun, over = asyncio.Event(), asyncio.Event()

    async def call() -> None:
        begun.set()
        await asyncio.sleep(0.01)
        over.set()

    async def wait() -> None:
        await finish_unawaited(call())

    waiting = asyncio.create_task(wait())
    await begun.wait()
    waiting.cancel()
    await asyncio.wait_for(over.wait(), 30)
    assert waiting.cancelled() or (await asyncio.gather(waiting, return_exceptions=True))


async def test_a_ban_by_cloudflare_is_a_limit_of_unknown_length(
    sandbox: Sandbox, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """A 429 that is no JSON and has no Via: what was to be posted is tried again later, and stands once."""
    async with running(sandbox, tmp_path / "d.db"):
        sandbox.guild.limits.most_invalid, sandbox.guild.limits.invalid = 1, 1
        sandbox.guild.limits.count_invalid()
        thread = await sandbox.guild.say(GENERAL, mention("hi"))
        await next_limits(capfd)
        sandbox.guild.limits.most_invalid = 10_000
        await sandbox.guild.until(lambda: len(answers(sandbox, GENERAL)) + len(answers(sandbox, thread)) == 1)
        await nothing_happens(sandbox, calls=1)


async def test_a_rate_limit_is_no_refusal_for_good() -> None:
    """It is a silence: the turn is tried again."""

    async def limited() -> None:
        raise discord.RateLimited(90.0)

    with pytest.raises(DiscordRateLimit) as raised:
        await call_persistently("create_message", limited)
    assert raised.value.is_silence
    assert raised.value.seconds == 90.0
