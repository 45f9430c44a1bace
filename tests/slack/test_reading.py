"""What stands around a question in Slack, in every shape that Slack sends, reaches the model."""

import asyncio
import time
from pathlib import Path
from typing import Any

import pytest

from core.policy import ChannelSettings, Policies
from deploy.sandbox.slack.interactions import use_shortcut
from deploy.sandbox.wire.raw import RawFields
from deploy.sandbox.wire.server import Sandbox
from tests.slack.test_post_text import ALERT, AS_MARKDOWN, FORWARD, ODD, TABLE, holding, rich, section
from tests.support.bot import GENERAL, Setup, running
from tests.support.room import answered, answers, ask, mention, prompt

HEAD = {"type": "header", "text": {"type": "plain_text", "text": "CPU of api-7"}}
SHARED = {**holding(ALERT), "author_name": "Grace Hopper"}
QUOTED = "Forwarded message by Grace Hopper:\n> Disk full\n> Host: db-1"
APP = {"subtype": "bot_message", "bot_id": "B0ALERT12", "username": "Alertmanager", "text": ""}
NOBODYS = ("user", "client_msg_id", "team")
BLOCKS = {"blocks": [HEAD, section("97 %")]}
TITLE = {"attachments": [{"title": "api-7"}]}
SHAPES: dict[str, tuple[dict[str, Any], str, str]] = {  # a message, who said it, and what
    "blocks": ({**APP, **BLOCKS}, "Alertmanager", "CPU of api-7\n97 %"),
    "text and attachment": ({**APP, "text": "down", **TITLE}, "Alertmanager", "down\n\napi-7"),
    "webhook": (
        {**APP, "username": "", "bot_profile": {"name": "Hook"}, "text": "a webhook's words"},
        "Hook",
        "a webhook's words",
    ),
    "table below": ({**APP, "attachments": [{"blocks": [TABLE]}]}, "Alertmanager", AS_MARKDOWN),
    "workflow": ({**APP, "text": "Standup", "blocks": [rich("Standup: done?")]}, "Alertmanager", "Standup: done?"),
    "forwarded by an app": ({**APP, "attachments": [SHARED]}, "Alertmanager", QUOTED),
    "slackbot": ({"subtype": "slackbot_response", "user": "USLACKBOT", "text": "wifi"}, "Slackbot", "wifi"),
    "kind of tomorrow": ({"subtype": "of_tomorrow", "client_msg_id": "7", "text": "typed"}, "ada", "typed"),
    "said in the channel too": ({"subtype": "thread_broadcast", "text": "and here"}, "ada", "and here"),
    "/me": ({"subtype": "me_message", "text": "waves"}, "ada", "waves"),
}


async def test_what_stands_above_the_mention_is_told_under_the_name_of_who_said_it(
    sandbox: Sandbox, tmp_path: Path
) -> None:
    """From its thread, and from its menu; a person's or an app's, whatever its shape."""
    sandbox.workspace.limits_on = False

    async def ask_about(name: str, fields: dict[str, Any]) -> None:
        missing = NOBODYS if "username" in fields else ()
        ts = await sandbox.workspace.say_raw(GENERAL, fields, missing=missing)
        await sandbox.workspace.say(GENERAL, mention(f"what is it? ({name})"), thread_ts=ts)
        await answered(sandbox, ts)
        await use_shortcut(sandbox.workspace, "confab_ask", GENERAL, ts, "U0GRACE12")
        await answered(sandbox, ts, 2)

    async with running(sandbox, tmp_path / "confab.db"):
        await asyncio.gather(*(ask_about(name, fields) for name, (fields, _, _) in SHAPES.items()))
    for name, (_, author, text) in SHAPES.items():
        asked = [prompt(each) for each in sandbox.model.requests if f"({name})" in str(each.body)]
        thread, menu = asked[0][0].replace("\n  ", "\n"), asked[-1][-1].replace("  >", ">")
        assert thread in {f"{author}: {text}", text}, name  # one who speaks alone needs no name
        assert "\n".join(f"> {line}" for line in text.split("\n")) in menu, name
        assert f"by {author}" in menu or f"by @{author}" in menu, name


async def test_an_alert_is_known_as_its_app_changed_it(sandbox: Sandbox, tmp_path: Path) -> None:
    """In the thread below it, and where it was forwarded to; and what was forwarded is gone with the original."""
    workspace, direct = sandbox.workspace, sandbox.workspace.direct("U0ADA1234")
    async with running(sandbox, tmp_path / "confab.db"):
        alert, other = [await workspace.say_raw(GENERAL, {**APP, "text": text}, missing=NOBODYS) for text in ("a", "b")]
        await workspace.say(GENERAL, mention("what is it?"), thread_ts=alert)
        await answered(sandbox, alert)
        forwards = []
        for ts in (alert, other):
            shared = {
                "is_share": True,
                "author_name": "Alertmanager",
                "channel_id": GENERAL,
                "ts": ts,
                "text": "is down",
            }
            forwards.append(await workspace.say_raw(direct, {"text": f"why {ts}?", "attachments": [shared]}))
            await answered(sandbox, forwards[-1], channel=direct)
        for ts, text in ((alert, "resolved"), (other, "never")):
            changed = RawFields({**APP, "text": text}, frozenset(NOBODYS))
            workspace.revise(workspace.channels[GENERAL].posts[ts], {"raw": changed})
        await workspace.delete(GENERAL, other)
        await workspace.say(GENERAL, mention("and now?"), thread_ts=alert)
        await answered(sandbox, alert, 2)
        assert prompt(sandbox.model.requests[-1])[0] == "Alertmanager: resolved"
        for number, forward in enumerate(forwards):
            await workspace.say(direct, f"and here {number}?", thread_ts=forward)
            await answered(sandbox, forward, 2, channel=direct)
    followed, gone = (prompt(each) for each in sandbox.model.requests[-2:])
    assert followed[0].endswith("> resolved")
    assert "is down" not in followed[0]
    assert gone == ["and here 1?"]


async def test_a_forward_is_known_as_slack_shows_it_now(sandbox: Sandbox, tmp_path: Path) -> None:
    """Where it changes what stands in the message that forwards, as when a link to a message is unfolded later."""
    workspace = sandbox.workspace
    async with running(sandbox, tmp_path / "confab.db"):
        thread = await ask(sandbox, "see https://sandbox.slack.com/archives/C1/p1")
        shared = {"is_msg_unfurl": True, "from_url": "https://a.slack.com/p1", "author_name": "Grace", "text": "Friday"}
        for text in ("Friday", "Monday"):
            preview = {"attachments": [{**shared, "text": text}]}
            workspace.revise(workspace.channels[GENERAL].posts[thread], preview, edited=False)
        await workspace.say(GENERAL, mention("when?"), thread_ts=thread)
        await answered(sandbox, thread, 2)
    assert prompt(sandbox.model.requests[-1])[0].endswith("Forwarded message by Grace:\n  > Monday")
    assert len(sandbox.model.requests) == 2


async def test_a_forwarded_message_comes_with_its_text_author_and_file(sandbox: Sandbox, tmp_path: Path) -> None:
    """Sent to the bot directly, without a word beside it."""
    workspace = sandbox.workspace
    file = workspace.files[await workspace.upload("plan.txt", b"Ship it.", "text/plain", "U0GRACE12")]
    forward = {**FORWARD, "files": [file.as_json(workspace.files_base)]}
    direct = workspace.direct("U0ADA1234")
    async with running(sandbox, tmp_path / "confab.db"):
        ts = await workspace.say_raw(direct, {"text": "", "attachments": [forward]})
        await answered(sandbox, ts, channel=direct)
    (told,) = prompt(sandbox.model.requests[0])
    assert "Forwarded message by Grace Hopper:" in told
    assert "> We ship on Friday." in told
    assert "[file plan.txt]\n```\nShip it.\n```" in told


@pytest.mark.parametrize(
    ("fields", "text"),
    [
        ({"subtype": "me_message", "text": "wonders what to do"}, "wonders what to do"),
        ({"text": "", "blocks": [TABLE]}, AS_MARKDOWN),
        ({"text": "", "attachments": [{"blocks": [TABLE]}]}, AS_MARKDOWN),
        ({"text": "", "blocks": [{"type": "video", "title": {"type": "plain_text", "text": "A talk"}}]}, "A talk"),
    ],
)
async def test_a_direct_message_of_any_shape_is_answered(
    sandbox: Sandbox, tmp_path: Path, fields: dict[str, Any], text: str
) -> None:
    """A `/me`, a table alone, and whatever holds text in blocks."""
    direct = sandbox.workspace.direct("U0ADA1234")
    async with running(sandbox, tmp_path / "confab.db"):
        ts = await sandbox.workspace.say_raw(direct, fields)
        await answered(sandbox, ts, channel=direct)
    assert text.rsplit("\n", maxsplit=1)[-1] in prompt(sandbox.model.requests[0])[0]


@pytest.mark.parametrize("is_there", [True, False])
async def test_a_file_of_another_workspace_is_asked_for(sandbox: Sandbox, tmp_path: Path, is_there: bool) -> None:
    """And read; where it is not to be had, that is told."""
    workspace = sandbox.workspace
    file = await workspace.upload("plan.txt", b"Ship it.", "text/plain", "U0GRACE12") if is_there else "F0GONE123"
    stub = {"id": file, "created": 1, "timestamp": 1, "file_access": "check_file_info"}
    async with running(sandbox, tmp_path / "confab.db"):
        ts = await workspace.say_raw(GENERAL, {"text": mention("read"), "subtype": "file_share", "files": [stub]})
        said = await answered(sandbox, ts)
    told = prompt(sandbox.model.requests[0])[0]
    assert ("[file plan.txt]\n```\nShip it.\n```" if is_there else "it could not be fetched") in told
    assert is_there or "could not be fetched" in said[0]


async def test_of_a_thousand_files_of_another_workspace_few_are_asked_for(sandbox: Sandbox, tmp_path: Path) -> None:
    """As many as are read."""
    stubs = [{"id": f"F{number}", "file_access": "check_file_info"} for number in range(1_000)]
    async with running(sandbox, tmp_path / "confab.db"):
        files = {"text": mention("read"), "subtype": "file_share", "files": stubs}
        await answered(sandbox, await sandbox.workspace.say_raw(GENERAL, files))
    assert sum(call.method == "files.info" for call in sandbox.workspace.calls) == 20
    assert "[980 more files: not read" in prompt(sandbox.model.requests[0])[0]


async def test_odd_shapes_stop_nothing_else(sandbox: Sandbox, tmp_path: Path) -> None:
    """Live, in a thread that is read, and in a channel whose last messages are."""
    setup = Setup(policies=Policies(ChannelSettings(channel_context=40)))
    async with running(sandbox, tmp_path / "confab.db", setup):
        thread = await sandbox.workspace.say(GENERAL, "a thread")
        for odd in ODD:
            if not {"ts", "channel", "subtype", "thread_ts"} & odd.keys():
                await sandbox.workspace.say_raw(GENERAL, odd)
                await sandbox.workspace.say_raw(GENERAL, odd, thread_ts=thread)
            await sandbox.workspace.send_event({"type": "message", "channel": GENERAL, "user": "U0ADA1234", **odd})
        await sandbox.workspace.say(GENERAL, mention("still there?"), thread_ts=thread)
        await answered(sandbox, thread)
        other = await ask(sandbox, "and here?")
        assert len(answers(sandbox, other)) == 1


async def test_half_a_surrogate_pair_is_made_valid_and_answered(sandbox: Sandbox, tmp_path: Path) -> None:
    """Whole pairs are joined, a half alone becomes U+FFFD; in a text, a file's name, a table and an earlier line."""
    workspace = sandbox.workspace
    async with running(sandbox, tmp_path / "confab.db"):
        ts = await workspace.say_raw(GENERAL, {"text": "before \udcaf"})
        await workspace.say_raw(GENERAL, {"text": mention("party \ud83c\udf89 \ud83c now")}, thread_ts=ts)
        await answered(sandbox, ts)
    assert prompt(sandbox.model.requests[0]) == ["before \ufffd", "party 🎉 \ufffd now"]


async def test_one_call_at_most_is_made_for_the_channels_last_messages(sandbox: Sandbox, tmp_path: Path) -> None:
    """At the first question in a channel; later ones know what events told. Off, none is made at all."""

    def calls() -> int:
        return sum(call.method == "conversations.history" for call in sandbox.workspace.calls)

    apart = {"C0RANDOM1": ChannelSettings(channel_context=0)}
    setup = Setup(policies=Policies(ChannelSettings(channel_context=5), apart))
    async with running(sandbox, tmp_path / "confab.db", setup):
        await ask(sandbox, "one")
        assert calls() == 1
        await sandbox.workspace.say(GENERAL, "in between", "U0GRACE12")
        await ask(sandbox, "two")
        await ask(sandbox, "elsewhere", "C0RANDOM1")
        assert calls() == 1
    assert [line.rpartition("\n")[2] for line in prompt(sandbox.model.requests[1])] == [
        "ada: one",
        "grace: in between",
        "ada: two",
    ]


async def test_a_message_that_stands_at_no_place_spoils_nothing_of_what_is_read(
    sandbox: Sandbox, tmp_path: Path
) -> None:
    """Neither in a channel's history nor in a thread's; what stands beside it is read."""
    workspace = sandbox.workspace
    root = await workspace.say(GENERAL, "we ship on Friday", "U0GRACE12")
    for place in ({"ts": None}, {"ts": 7}, {"ts": "x"}):
        for thread in (None, root):
            await workspace.say_raw(GENERAL, {"text": "odd", **place}, thread_ts=thread)
    setup = Setup(policies=Policies(ChannelSettings(channel_context=10)))
    async with running(sandbox, tmp_path / "confab.db", setup):
        await ask(sandbox, "when?")
        await workspace.say(GENERAL, mention("sure?"), thread_ts=root)
        await answered(sandbox, root, 1)
    assert all("we ship on Friday" in str(each.body) for each in sandbox.model.requests)
    assert "odd" not in str([each.body for each in sandbox.model.requests])


async def test_a_plain_question_in_a_thread_makes_no_call_for_what_was_said(sandbox: Sandbox, tmp_path: Path) -> None:
    """Where nobody else spoke since the last answer."""
    async with running(sandbox, tmp_path / "confab.db"):
        thread = await ask(sandbox, "one")
        for number in (2, 3):
            await sandbox.workspace.say(GENERAL, f"question {number}", thread_ts=thread)
            await answered(sandbox, thread, number)
    assert not any(
        call.method in {"conversations.replies", "conversations.history"} for call in sandbox.workspace.calls
    )


async def test_what_is_read_makes_no_call_beyond_those_that_it_needs(sandbox: Sandbox, tmp_path: Path) -> None:
    """None for a plain question wherever it stands; a status that shows that an answer is awaited is apart."""
    workspace, direct, other = sandbox.workspace, sandbox.workspace.direct("U0ADA1234"), "C0RANDOM1"
    setup = Setup(policies=Policies(ChannelSettings(streaming=False), {other: ChannelSettings(channel_context=9)}))

    async def calls_of(channel: str, fields: dict[str, Any], thread: str | None = None) -> list[str]:
        begun = time.monotonic()

        def made() -> list[str]:
            return [call.method for call in workspace.calls if call.at > begun]

        await workspace.say_raw(channel, {"text": mention("so?"), **fields}, thread_ts=thread)
        await workspace.until(lambda: "chat.postMessage" in made())
        return [method for method in made() if method != "assistant.threads.setStatus"]

    async with running(sandbox, tmp_path / "confab.db", setup):
        thread = await ask(sandbox, "first")  # who asks is asked for once
        stub = {"id": "F0GONE123", "file_access": "check_file_info"}
        forward = {"is_share": True, "author_name": "Bot", "text": "down", "files": [stub]}
        answer = ["chat.postMessage"]
        table: list[tuple[str, dict[str, Any], str | None, list[str]]] = [
            (GENERAL, {}, None, []),
            (GENERAL, {}, thread, []),
            (direct, {}, None, []),
            (GENERAL, {"text": mention(""), "blocks": [TABLE], "attachments": [TITLE]}, None, []),
            (GENERAL, {"attachments": [SHARED]}, None, []),
            (other, {}, None, ["conversations.history"]),
            (other, {}, None, []),
            (GENERAL, {"attachments": [forward]}, None, ["files.info"]),
        ]
        for channel, fields, place, calls in table:
            assert await calls_of(channel, fields, place) == [*calls, *answer], (channel, fields)


async def test_a_file_of_which_only_the_id_came_is_asked_for_wherever_it_stands(
    sandbox: Sandbox, tmp_path: Path
) -> None:
    """On an earlier line, in a forward, in a message that is asked about; or its absence is told."""
    workspace, direct = sandbox.workspace, sandbox.workspace.direct("U0ADA1234")
    async with running(sandbox, tmp_path / "confab.db"):
        for name, text in (("F0GONE123", "could not be fetched"), ("", "[file plan.txt]\n```\nShip it.\n```")):
            file = name or await workspace.upload("plan.txt", b"Ship it.", "text/plain", "U0GRACE12")
            files = {"text": "", "files": [{"id": file, "file_access": "check_file_info"}]}
            seen = len(sandbox.model.requests)
            root = await workspace.say_raw(GENERAL, {**files, "subtype": "file_share"}, user="U0GRACE12")
            await workspace.say(GENERAL, mention("what is it?"), thread_ts=root)
            await answered(sandbox, root)
            await use_shortcut(workspace, "confab_ask", GENERAL, root)
            await answered(sandbox, root, 2)
            forward = {"attachments": [{"is_share": True, **holding(files)}]}
            await answered(sandbox, await workspace.say_raw(direct, forward), channel=direct)
            told = [prompt(each) for each in sandbox.model.requests[seen:]]
            assert [text in lines[number] for lines, number in zip(told, (0, -1, -1), strict=True)] == [True] * 3
