"""Confab in Discord under thousands of mutated events: it stays connected, and nothing that it keeps breaks it."""

import copy
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from deploy.sandbox.discord import message_payloads, payloads
from deploy.sandbox.discord.roster import ADA, APP, BOT_USER, GENERAL, GRACE, GUILD, RANDOM
from deploy.sandbox.wire.server import Sandbox
from tests.discord.test_around import ALERT, CARD, POLL, STICKER
from tests.support.discord_bot import DiscordSetup, running
from tests.support.discord_room import answered, ask, mention

WRONG: tuple[Any, ...] = (None, 7, -1, 999, 1 << 70, 0.5, True, "word", "", "\ud83c", [], {}, [None], [{}], {"id": 1})
PERSON = {"id": GRACE, "username": "grace", "global_name": "Grace Hopper", "discriminator": "0", "avatar": None}
FILE = {"id": "5", "filename": "a.bin", "size": 3, "url": "http://127.0.0.1:1/a", "proxy_url": "http://127.0.0.1:1/a"}
TIME = "2026-11-30T08:00:00.000000+00:00"


def seeds(sandbox: Sandbox) -> Iterator[tuple[str, dict[str, Any]]]:
    """Give events as Discord sends them, with all that a message can have."""
    said = next(iter(sandbox.guild.channels[RANDOM].posts.values()))
    message = {
        **message_payloads.arrived(sandbox.guild.roster, said),
        "type": 19,
        "mentions": [PERSON],
        "attachments": [FILE],
        "embeds": [ALERT, {"type": "link", "url": "https://example.com", "timestamp": TIME, "color": 3}],
        "components": CARD,
        "poll": POLL,
        "sticker_items": [STICKER],
        "reactions": [{"emoji": {"id": None, "name": "x"}, "count": 1, "me": False}],
        "message_reference": {"type": 0, "message_id": said.id, "channel_id": RANDOM, "guild_id": GUILD},
        "referenced_message": message_payloads.message(sandbox.guild.roster, said),
        "message_snapshots": [{"message": {**message_payloads.message(sandbox.guild.roster, said), "embeds": [ALERT]}}],
        "application": {"id": "1", "name": "app", "description": "", "icon": None},
        "edited_timestamp": TIME,
    }
    room = {**payloads.channel(sandbox.guild.roster, sandbox.guild.channels[RANDOM]), "id": "1300000000000000009"}
    guild = {**payloads.guild(sandbox.guild.roster, with_members=False), "id": "1300000000000000001"}
    yield from (("MESSAGE_CREATE", message), ("MESSAGE_UPDATE", message))
    yield "MESSAGE_DELETE", {"id": said.id, "channel_id": RANDOM, "guild_id": GUILD}
    yield "MESSAGE_DELETE_BULK", {"ids": [said.id], "channel_id": RANDOM, "guild_id": GUILD}
    yield from (("CHANNEL_CREATE", room), ("CHANNEL_UPDATE", room), ("GUILD_CREATE", guild))
    yield "MESSAGE_CREATE", {**message, "type": 46, "message_snapshots": [{"message": {**message, "poll": POLL}}]}
    yield "MESSAGE_UPDATE", {**message, "type": 20, "edited_timestamp": None}
    yield "THREAD_CREATE", {**room, "type": 11, "parent_id": RANDOM, "owner_id": ADA}
    yield (
        "INTERACTION_CREATE",
        {
            "id": "1",
            "application_id": APP,
            "type": 2,
            "token": "t",
            "version": 1,
            "guild_id": GUILD,
            "channel_id": RANDOM,
            "channel": room,
            "member": payloads.whole_member(sandbox.guild.users[ADA]),
            "data": {
                "id": "3",
                "name": "no such command",
                "type": 1,
                "options": [{"name": "q", "type": 3, "value": "x"}],
            },
        },
    )


def mutate(value: dict[str, Any], chance: random.Random) -> dict[str, Any]:
    """Return an event with one to three places dropped, nulled, nested deeper or of another type."""
    mutated = copy.deepcopy(value)
    for _ in range(chance.choice((1, 1, 2, 3))):
        places = list(_places(mutated))
        if places:
            holder, name = chance.choice(places)
            if isinstance(holder, dict) and chance.random() < 0.4:
                del holder[name]
            elif chance.random() < 0.15:
                holder[name] = chance.choice(([holder[name]], {"value": holder[name]}, [[[[[[[[holder[name]]]]]]]]]))
            else:
                holder[name] = copy.deepcopy(chance.choice(WRONG))
    return mutated


def _places(value: Any) -> Iterator[tuple[Any, Any]]:
    names = value.keys() if isinstance(value, dict) else range(len(value)) if isinstance(value, list) else ()
    for name in list(names):
        yield value, name
        yield from _places(value[name])


@pytest.mark.parametrize("number", [400, pytest.param(20_000, marks=pytest.mark.prove)])
async def test_mutated_events_break_nothing(sandbox: Sandbox, tmp_path: Path, number: int) -> None:
    """The process lives in one session all the while; a thread and a channel go on after it, and after a restart."""
    sandbox.guild.limits_on = False
    async with running(sandbox, tmp_path / "discord.db", DiscordSetup(grace=0.0)) as bot:
        thread = await ask(sandbox, "first")
        await sandbox.guild.say(RANDOM, "we ship on Friday", user=GRACE)
        chance, events = random.Random(number), list(seeds(sandbox))
        for step in range(number):
            event, data = chance.choice(events)
            mutated = mutate(data, chance)
            if isinstance(mutated.get("id"), str) and event == "MESSAGE_CREATE":
                mutated["id"] = str(int(sandbox.guild.snowflakes.next()))
            await sandbox.guild.send_event(event, mutated)
            if event == "MESSAGE_CREATE" and not step % 20:
                fields = {name: mutated[name] for name in mutated if name not in {"id", "channel_id", "guild_id"}}
                await sandbox.guild.say_raw(thread, fields, missing=[name for name in data if name not in mutated])
            if not step % 200:
                await sandbox.guild.say(GENERAL, mention(f"are you there at {step}?"))
                await sandbox.model.until(lambda step=step: f"at {step}?" in str(sandbox.model.requests[-5:]))  # type: ignore[misc]
        await goes_on(sandbox, thread, "and now?")
        assert len(sandbox.guild.gateway.sessions) == 1
        assert await bot.discord.is_ready()
        assert BOT_USER in sandbox.guild.users
    async with running(sandbox, tmp_path / "discord.db", DiscordSetup(grace=0.0)):
        for place in (thread, await ask(sandbox, "and after a restart?", RANDOM)):
            await goes_on(sandbox, place, "and in a thread?")


async def goes_on(sandbox: Sandbox, thread: str, text: str) -> None:
    """Ask in a thread, and wait for one answer more."""
    before = len(await answered(sandbox, thread))
    await sandbox.guild.say(thread, mention(text))
    await answered(sandbox, thread, before + 1)
