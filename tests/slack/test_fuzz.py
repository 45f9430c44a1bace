"""Whatever Slack sends, the bot goes on: payloads of real shapes with something dropped, emptied, unknown or wrong."""

import asyncio
import copy
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from core.policy import ChannelSettings, Policies
from deploy.sandbox.slack import interaction_payloads as payloads
from deploy.sandbox.slack.courier import Interaction
from deploy.sandbox.slack.workspace import Workspace
from deploy.sandbox.wire.server import Sandbox
from tests.slack.test_post_text import ALERT, FORWARD, TABLE, holding, section
from tests.support.bot import GENERAL, Setup, running
from tests.support.room import answered, answers, ask, mention

WRONG: list[Any] = [None, "", 0, -1, 1e400, True, [], {}, [None], {"x": []}, "\ud83c", "1700000000.000001", "a" * 5_000]
PLAIN = {"type": "message", "channel": GENERAL, "channel_type": "channel", "user": "U0GRACE12", "team": "T0SANDBOX"}
FILE = {
    "id": "F0NONE123",
    "name": "audio_message.m4a",
    "mimetype": "audio/mp4",
    "subtype": "slack_audio",
    "size": 7,
    "duration_ms": 1200,
    "mode": "hosted",
    "file_access": "visible",
    "url_private": "https://files.slack.com/x",
}
RICH = {
    "type": "rich_text",
    "elements": [
        {"type": "rich_text_section", "elements": [{"type": "text", "text": "so", "style": {"code": True}}]},
        {"type": "rich_text_list", "style": "ordered", "offset": 2, "indent": 1, "elements": []},
        {"type": "rich_text_quote", "elements": [{"type": "user", "user_id": "U0ADA1234"}]},
    ],
}
FIELDS = {"fields": [{"title": "t", "value": "v", "short": True}], "fallback": "f"}
SHAPES: list[dict[str, Any]] = [
    {**PLAIN, "text": "plain words", "client_msg_id": "7", "blocks": [RICH]},
    {**PLAIN, "text": "files", "subtype": "file_share", "files": [FILE, {**FILE, "file_access": "check_file_info"}]},
    {**PLAIN, "text": "", "attachments": [FORWARD]},
    {**PLAIN, "text": "", "blocks": [TABLE, section("x"), {"type": "context", "elements": [section("y")]}]},
    {
        **PLAIN,
        "subtype": "bot_message",
        "bot_id": "B1",
        "username": "App",
        "attachments": [{"fields": [{"title": "t"}]}],
    },
    {
        **PLAIN,
        "subtype": "message_changed",
        "message": {**PLAIN, "text": "new"},
        "previous_message": {**PLAIN, "text": "old"},
    },
    {**PLAIN, "subtype": "message_deleted", "deleted_ts": "1700000000.000001", "previous_message": {**PLAIN}},
    {**PLAIN, "subtype": "message_changed", "message": {"subtype": "tombstone", "ts": "1700000000.000001"}},
    {"type": "app_home_opened", "user": "U0ADA1234", "channel": "D0ADA1234", "tab": "messages"},
    {**PLAIN, "type": "app_mention", "text": "so <@U0GRACE12>", "blocks": [RICH]},
    {**PLAIN, "text": "", "attachments": [{**holding({**PLAIN, **ALERT, "files": [FILE]}), "is_share": True}]},
    {**PLAIN, "text": "", "blocks": [{"type": "container", "child_blocks": [TABLE, {"type": "data_visualization"}]}]},
]
SLOW = 400  # interactions that wait at a time for their acknowledgement


def interactions_of(workspace: Workspace, thread: str) -> Iterator[tuple[Interaction, dict[str, Any]]]:
    """Yield what people set off, as Slack sends it: a command, a shortcut, a button and a modal."""
    ada, room = workspace.users["U0ADA1234"], workspace.channels[GENERAL]
    body, url, stamp = workspace.body(room.posts[thread]), f"{workspace.url}/none", workspace.stamp()
    button = {"type": "button", "action_id": "confab_allow", "block_id": "b", "value": "7"}
    view = {"id": "V1", "callback_id": "confab_settings", "private_metadata": GENERAL, "blocks": [section("x")]}
    values = {"model": {"model": {"type": "static_select", "selected_option": {"value": "stand-in"}}}}
    yield "slash_commands", payloads.command("/confab", "settings", room, ada, "1.2.a", url)
    yield "slash_commands", payloads.command("/confab", "help", room, ada, "1.2.b", url)
    yield "interactive", payloads.message_action("confab_stop", room, body, ada, stamp, "1.2.c", url)
    yield "interactive", payloads.message_block_actions(ada, room, body, button, stamp, "1.2.d", url)
    yield "interactive", payloads.view_submission(ada, view, values, "1.2.e")


def places_of(value: Any) -> Iterator[tuple[Any, Any]]:
    """Yield every place in a payload, as what holds it and its name there."""
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for name, each in list(inner):
        yield value, name
        yield from places_of(each)


def mutated(shape: dict[str, Any], chance: random.Random) -> dict[str, Any]:
    """Return a payload with up to three of its places dropped, emptied, nested deeper, or of another type."""
    payload = copy.deepcopy(shape)
    for _ in range(chance.randint(1, 3)):
        holder, name = chance.choice(list(places_of(payload)))
        if isinstance(holder, dict) and chance.random() < 0.3:
            del holder[name]
        elif chance.random() < 0.15:
            holder[name] = chance.choice(([holder[name]], {"value": holder[name]}, [[[[[[[[holder[name]]]]]]]]]))
        else:
            holder[name] = copy.deepcopy(chance.choice(WRONG)) if chance.random() < 0.8 else "of_tomorrow"
    return payload


@pytest.mark.parametrize("number", [300, pytest.param(20_000, marks=pytest.mark.prove)])
async def test_no_payload_ends_the_bot_or_spoils_what_is_read_later(
    sandbox: Sandbox, tmp_path: Path, number: int
) -> None:
    """A later turn in the same channel is answered, from a channel and a thread that hold such messages as well."""
    workspace, chance = sandbox.workspace, random.Random(number)
    workspace.limits_on = False
    setup = Setup(policies=Policies(ChannelSettings(channel_context=30, follow_ups=False)))
    async with running(sandbox, tmp_path / "confab.db", setup):
        thread = await ask(sandbox, "first")
        clicked, waiting = list(interactions_of(workspace, thread)), set[asyncio.Task[Any]]()
        for count in range(number):
            if not count % 5 and len(waiting) < SLOW:
                kind, shape = chance.choice(clicked)
                waiting.add(asyncio.create_task(workspace.courier.interact(kind, mutated(shape, chance))))
                waiting = {each for each in waiting if not each.done()}
            payload = mutated(chance.choice(SHAPES), chance)
            ts = workspace.stamp()
            ordinary = {"event_ts": ts, "ts": ts, "thread_ts": thread}
            await workspace.send_event({"type": "message", **ordinary, **payload})
            if not count % 50:
                await workspace.say_raw(GENERAL, payload, user="U0GRACE12")
                await workspace.say_raw(GENERAL, payload, user="U0GRACE12", thread_ts=thread)
                last = await ask(sandbox, f"still there after {count}?")
                assert len(answers(sandbox, last)) == 1
        await asyncio.gather(*waiting)
        before = len(answers(sandbox, thread))
        await workspace.say(GENERAL, mention("and here?"), thread_ts=thread)
        await answered(sandbox, thread, before + 1)
        await sandbox.model.until(lambda: any("and here?" in str(each.body) for each in sandbox.model.requests))
    async with running(sandbox, tmp_path / "confab.db", setup):
        assert len(answers(sandbox, await ask(sandbox, "and after a restart?"))) == 1


async def test_an_event_without_a_name_is_acknowledged_and_leaves_no_trace(
    sandbox: Sandbox, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Neither a number, nor nothing, nor a list is one: Bolt itself would fail at it."""
    async with running(sandbox, tmp_path / "confab.db"):
        for odd in (7, None, ["message"], {"a": 1}, True):
            stamp = {"event_ts": sandbox.workspace.stamp(), "channel": GENERAL}
            await sandbox.workspace.send_event({"type": odd, **stamp})
            await sandbox.workspace.send_event(
                {"type": "message", "subtype": "message_changed", "message": odd, **stamp}
            )
        await sandbox.workspace.until(lambda: sandbox.workspace.courier.unacknowledged == 0)
        assert len(answers(sandbox, await ask(sandbox, "still there?"))) == 1
    assert not [line for line in caplog.records if line.name.startswith("slack_bolt")]
