"""The pretend workspace: what people do in it, and the events that a real app hears of it over Socket Mode."""

import asyncio
import re
from collections.abc import AsyncIterator

import pytest

from deploy.sandbox.slack.content import expanded
from deploy.sandbox.slack.posts import Post
from deploy.sandbox.slack.rich_text import rich_text
from deploy.sandbox.slack.workspace import Workspace
from deploy.sandbox.wire.server import Sandbox, serve
from tests.support.sandbox_slack import Body, Ear, client_of, listening


@pytest.fixture
async def sandbox() -> AsyncIterator[Sandbox]:
    """A sandbox of its own for each test."""
    async with serve() as running:
        yield running


@pytest.fixture
def workspace(sandbox: Sandbox) -> Workspace:
    """The workspace of that sandbox."""
    return sandbox.workspace


@pytest.fixture
async def ear(sandbox: Sandbox) -> AsyncIterator[Ear]:
    """What a real Bolt app, connected by Socket Mode, hears of that sandbox."""
    heard = Ear(sandbox.workspace)
    async with listening(sandbox, heard):
        yield heard


async def heard(workspace: Workspace, ear: Ear, count: int) -> list[Body]:
    """Wait until so many events have been heard and acknowledged, and return them."""
    await workspace.until(lambda: len(ear.bodies) >= count and not workspace.courier.unacknowledged)
    assert len(ear.bodies) == count
    return ear.events


async def test_a_mention_arrives_as_app_mention_and_as_message_with_one_ts_and_two_event_ids(
    workspace: Workspace, ear: Ear
) -> None:
    """One mention is two events, which only the ts joins."""
    ts = await workspace.say("C0GENERAL", "<@U0CONFAB1> what did we decide?")
    events = await heard(workspace, ear, 2)
    assert [event["type"] for event in events] == ["app_mention", "message"]
    assert {event["ts"] for event in events} == {ts}
    assert len({body["event_id"] for body in ear.bodies}) == 2
    assert "channel_type" not in events[0]
    assert events[1]["channel_type"] == "channel"


async def test_ids_and_tokens_have_the_form_of_slack_s_own(workspace: Workspace, ear: Ear) -> None:
    """A client that looks at them takes them: `U024BE7LH`, `C012AB3CD45`, `Ev0PV52K21`, `xapp-1-A…` (Slack docs)."""
    file = await workspace.upload("a.txt", b"1", "text/plain")
    await workspace.say("C0GENERAL", "see", files=[file])
    await heard(workspace, ear, 1)
    body = ear.bodies[0]
    users = [user.id for user in workspace.users.values()]
    found = [*users, *workspace.channels, *workspace.files, body["team_id"], body["api_app_id"]]
    assert [each for each in found if not re.fullmatch(r"[UCDTFA][0-9A-Z]{8,10}", each)] == []
    assert all(re.fullmatch(r"B[0-9A-Z]{8,10}", user.bot_id) for user in workspace.users.values() if user.is_bot)
    assert re.fullmatch(r"Ev[0-9A-Z]{8,10}", body["event_id"])
    assert re.fullmatch(r"xoxb-\d{10,13}-\d{10,13}-\w{24}", workspace.bot_token)
    assert re.fullmatch(r"xapp-1-A[0-9A-Z]{8,10}-\d{10,13}-[0-9a-f]{64}", workspace.app_token)


async def test_an_event_says_whose_it_is_and_what_was_typed(workspace: Workspace, ear: Ear) -> None:
    """The wrapper names the installed team, and the message has the editor's own blocks."""
    await workspace.say("C0GENERAL", "see <#C0RANDOM1> &amp; <https://example.com|this> :wave: <!here>")
    await heard(workspace, ear, 1)
    body = ear.bodies[0]
    assert (body["team_id"], body["api_app_id"], body["authorizations"][0]["user_id"]) == (
        workspace.team,
        workspace.app_id,
        workspace.bot_user,
    )
    elements = body["event"]["blocks"][0]["elements"][0]["elements"]
    assert " ".join(element["type"] for element in elements) == "text channel text link text emoji text broadcast"
    assert elements[2]["text"] == " & "
    assert body["event"]["client_msg_id"]


async def test_a_direct_message_arrives_once_even_if_it_mentions(workspace: Workspace, ear: Ear) -> None:
    """There is no app_mention in a direct message."""
    await workspace.say("D0ADA1234", "<@U0CONFAB1> hello")
    events = await heard(workspace, ear, 1)
    assert (events[0]["type"], events[0]["channel_type"]) == ("message", "im")


async def test_nothing_arrives_from_a_channel_that_the_app_is_not_in(workspace: Workspace, ear: Ear) -> None:
    """A mention in #lounge is heard by nobody; what follows in #general is."""
    await workspace.say("C0LOUNGE1", "<@U0CONFAB1> hello?")
    await workspace.say("C0GENERAL", "hello")
    assert [event["channel"] for event in await heard(workspace, ear, 1)] == ["C0GENERAL"]


async def test_a_shared_file_arrives_with_its_address_and_a_clip_as_slack_audio(workspace: Workspace, ear: Ear) -> None:
    """A file comes as file_share; a recording says that it is one, and how long."""
    clip = await workspace.upload("audio_message.m4a", b"sound", "audio/mp4", duration_ms=1500)
    await workspace.say("D0ADA1234", "", files=[clip])
    event = (await heard(workspace, ear, 1))[0]
    shown = event["files"][0]
    assert (event["subtype"], event["text"]) == ("file_share", "")
    assert (shown["subtype"], shown["duration_ms"], shown["size"]) == ("slack_audio", 1500, 5)
    assert shown["url_private_download"].startswith(f"{workspace.url}/slack/files/")


async def test_a_mention_with_a_file_is_an_app_mention_without_subtype(workspace: Workspace, ear: Ear) -> None:
    """The message says file_share, the app_mention only holds the files."""
    file = await workspace.upload("notes.txt", b"notes", "text/plain")
    await workspace.say("C0GENERAL", "<@U0CONFAB1> read this", files=[file])
    mention, message = await heard(workspace, ear, 2)
    assert message["subtype"] == "file_share"
    assert "subtype" not in mention
    assert mention["files"] == message["files"]


async def test_a_reply_names_its_root_and_a_broadcast_says_so(workspace: Workspace, ear: Ear) -> None:
    """A reply has thread_ts and parent_user_id; one also shown in the channel is a thread_broadcast."""
    root = await workspace.say("C0GENERAL", "root")
    await workspace.say("C0GENERAL", "reply", user="U0GRACE12", thread_ts=root, broadcast=True)
    reply = (await heard(workspace, ear, 2))[1]
    assert (reply["thread_ts"], reply["parent_user_id"], reply["subtype"]) == (root, "U0ADA1234", "thread_broadcast")
    assert [post.text for post in workspace.thread("C0GENERAL", root)] == ["root", "reply"]


async def test_an_edit_that_adds_a_mention_arrives_as_message_changed_and_app_mention(
    workspace: Workspace, ear: Ear
) -> None:
    """The message_changed holds both texts; the app_mention says that it was edited, and comes at every edit."""
    ts = await workspace.say("C0GENERAL", "hello")
    await workspace.edit("C0GENERAL", ts, "<@U0CONFAB1> hello")
    _, changed, mention = await heard(workspace, ear, 3)
    await workspace.edit("C0GENERAL", ts, "<@U0CONFAB1> good morning")
    assert (await heard(workspace, ear, 5))[4]["type"] == "app_mention"
    assert (changed["subtype"], changed["previous_message"]["text"]) == ("message_changed", "hello")
    assert changed["message"]["text"] == mention["text"] == "<@U0CONFAB1> hello"
    assert mention["edited"]["user"] == "U0ADA1234"


async def test_an_unfurl_arrives_as_message_changed_with_the_same_text(workspace: Workspace, ear: Ear) -> None:
    """Nothing says `edited`, as the author did nothing."""
    ts = await workspace.say("C0GENERAL", "<https://example.com/>")
    await workspace.unfurl("C0GENERAL", ts)
    changed = (await heard(workspace, ear, 2))[1]
    assert changed["message"]["text"] == changed["previous_message"]["text"]
    assert "edited" not in changed["message"]


async def test_a_link_that_the_app_lets_unfurl_changes_its_post(
    sandbox: Sandbox, workspace: Workspace, ear: Ear
) -> None:
    """Only where unfurl_links asks for it; the app hears of it as of any change."""
    client = client_of(sandbox)
    await client.chat_postMessage(channel="C0GENERAL", text="https://example.com/", unfurl_links=False)
    await client.chat_postMessage(channel="C0GENERAL", text="https://example.com/", unfurl_links=True)
    _, _, changed = await heard(workspace, ear, 3)
    assert changed["message"]["attachments"][0]["from_url"] == "https://example.com/"


async def test_a_deleted_message_arrives_with_what_it_was(workspace: Workspace, ear: Ear) -> None:
    """A post without replies goes entirely."""
    ts = await workspace.say("C0GENERAL", "oops")
    await workspace.delete("C0GENERAL", ts)
    deleted = (await heard(workspace, ear, 2))[1]
    assert (deleted["subtype"], deleted["deleted_ts"]) == ("message_deleted", ts)
    assert deleted["previous_message"]["text"] == "oops"
    assert workspace.posts("C0GENERAL") == []


async def test_a_deleted_root_with_replies_arrives_as_an_edit_with_a_tombstone(workspace: Workspace, ear: Ear) -> None:
    """The thread stays, under a message that says nothing of what it was."""
    root = await workspace.say("C0GENERAL", "root")
    await workspace.say("C0GENERAL", "reply", thread_ts=root)
    await workspace.delete("C0GENERAL", root)
    changed = (await heard(workspace, ear, 3))[2]
    assert (changed["subtype"], changed["message"]["subtype"]) == ("message_changed", "tombstone")
    assert changed["previous_message"]["text"] == "root"
    assert [post.text for post in workspace.thread("C0GENERAL", root)] == ["This message was deleted.", "reply"]


async def test_the_app_hears_its_own_posts_and_updates_with_its_bot_id(
    sandbox: Sandbox, workspace: Workspace, ear: Ear
) -> None:
    """Slack sends an app what it said itself; telling it apart is the app's business."""
    client = client_of(sandbox)
    posted = await client.chat_postMessage(channel="C0GENERAL", text="one")
    await client.chat_update(channel="C0GENERAL", ts=posted["ts"], text="one two")
    new, changed = await heard(workspace, ear, 2)
    assert (new["bot_id"], new["user"]) == (workspace.bot_id, workspace.bot_user)
    assert (changed["subtype"], changed["message"]["bot_id"]) == ("message_changed", workspace.bot_id)


async def test_another_bot_s_message_arrives_with_its_bot_id(workspace: Workspace, ear: Ear) -> None:
    """Somebody else's bot is told apart from a person by bot_id and bot_profile."""
    await workspace.say("C0GENERAL", "deployed", user="U0DEPLOY1")
    event = (await heard(workspace, ear, 1))[0]
    assert (event["bot_id"], event["bot_profile"]["name"]) == ("B0DEPLOY1", "Deploybot")
    assert "client_msg_id" not in event


async def test_opening_the_direct_message_arrives_as_app_home_opened(workspace: Workspace, ear: Ear) -> None:
    """The tab is `messages`, and the channel the direct message."""
    await workspace.open_messages("U0ADA1234")
    event = (await heard(workspace, ear, 1))[0]
    assert (event["type"], event["tab"], event["channel"]) == ("app_home_opened", "messages", "D0ADA1234")


async def test_each_event_may_be_delivered_thrice_and_the_message_before_the_mention(
    workspace: Workspace, ear: Ear
) -> None:
    """A repeated event keeps its event_id."""
    workspace.faults.deliveries = 3
    workspace.faults.message_first = True
    await workspace.say("C0GENERAL", "<@U0CONFAB1> hello")
    events = await heard(workspace, ear, 6)
    assert [event["type"] for event in events] == ["message"] * 3 + ["app_mention"] * 3
    assert len({body["event_id"] for body in ear.bodies}) == 2


async def test_every_change_is_told_to_who_subscribed(sandbox: Sandbox, workspace: Workspace) -> None:
    """A status, a post, its edit and its end, in this order; the reply takes the status away."""
    client = client_of(sandbox)
    root = await workspace.say("C0GENERAL", "question")
    with workspace.subscribe() as changes:
        await client.assistant_threads_setStatus(channel_id="C0GENERAL", thread_ts=root, status="is thinking…")
        posted = await client.chat_postMessage(channel="C0GENERAL", thread_ts=root, text="one")
        await client.chat_update(channel="C0GENERAL", ts=posted["ts"], text="two")
        await client.chat_delete(channel="C0GENERAL", ts=posted["ts"])
        told = [changes.get_nowait() for _ in range(changes.qsize())]
    assert [change.kind for change in told] == ["status", "posted", "status", "edited", "deleted"]
    assert (told[0].text, told[2].text) == ("is thinking…", "")


async def test_until_says_what_it_waited_for_and_how_things_stand(workspace: Workspace) -> None:
    """What did not come true is found in the error's text."""
    with pytest.raises(TimeoutError, match=r"test_slack\.py:\d+ did not come true within 0\.01 s\. 0 posts"):
        await workspace.until(lambda: workspace.posts("C0GENERAL"), timeout=0.01)


async def test_until_wakes_on_a_change(workspace: Workspace) -> None:
    """Who waits for a post is woken by it."""
    looked = asyncio.Event()

    def posted() -> list[Post]:
        looked.set()
        return workspace.posts("C0GENERAL")

    waiting = asyncio.create_task(workspace.until(posted))
    await looked.wait()
    await workspace.say("C0GENERAL", "hello")
    assert [post.text for post in await waiting] == ["hello"]


@pytest.mark.parametrize(
    ("text", "pings"),
    [
        ("<!channel> and <!here|here> and <!everyone>", ["<!channel>", "<!here>", "<!everyone>"]),
        ("<!subteam^S012|@team> with <@U0ADA1234>", ["<!subteam^S012>", "<@U0ADA1234>"]),
        ("&lt;!channel&gt; @channel <!date^1^{date}|today> <https://a.example|@U0ADA1234>", []),
    ],
)
def test_a_post_knows_whom_it_pings_wherever_the_mention_stands(text: str, pings: list[str]) -> None:
    """In its text, in a markdown block, in a section and, as elements, in a rich text."""
    markdown = [{"type": "markdown", "text": text}]
    section = [{"type": "section", "text": {"type": "mrkdwn", "text": text}}]
    assert Post("1", "C", "U", text).pings == pings
    assert Post("1", "C", "U", "", blocks=markdown).pings == pings
    assert Post("1", "C", "U", "", blocks=section).pings == pings
    assert Post("1", "C", "U", "", blocks=rich_text(text)).pings == pings


def test_a_plain_text_pings_nobody_unless_names_are_linked() -> None:
    """plain_text stays what it is; `link_names` brings @here to life."""
    header = {"type": "header", "text": {"type": "plain_text", "text": "<!here>"}}
    assert Post("1", "C", "U", "", blocks=[header]).pings == []
    assert Post("1", "C", "U", "look @here", links_names=True).pings == ["<!here>"]


@pytest.mark.parametrize(
    ("markdown", "blocks"),
    [
        ("one paragraph\non two lines", 1),
        ("one\n\ntwo", 2),
        ("# one\n# two", 2),
        ("- a\n- b\n\ntext", 2),
        ("```\n# no heading\n\nstill code\n```", 1),
        ("````\ncode\n````python\n\nstill code\n\nas well\n````", 1),
        ("- a\n\n- b\n  more\n\n  more", 1),
        ("- a\nstill a\n\ntext", 2),
        ("- ```\n  code\n\ntext\n\ntext", 3),
        ("text\n| a |\n|---|\n| b |\ntext", 3),
        ("> quoted\n> more", 1),
        ("---\n---", 2),
        ("", 1),
    ],
)
def test_a_markdown_block_expands_to_one_block_for_each_structure(markdown: str, blocks: int) -> None:
    """Headings, rules, tables, lists, quotations, code and paragraphs each count."""
    assert expanded(markdown) == blocks


# Odd shapes


async def test_a_raw_message_is_the_same_in_its_event_and_in_history(
    sandbox: Sandbox, workspace: Workspace, ear: Ear
) -> None:
    """Fields are put in place of the ordinary ones or left out, down to what no editor can write."""
    text = "half a pair: \ud83d"
    sent = await workspace.say_raw(
        "C0GENERAL", {"text": text, "files": None, "subtype": "me_message"}, missing=["user"]
    )
    [body] = await heard(workspace, ear, 1)
    [shown] = (await client_of(sandbox).conversations_history(channel="C0GENERAL"))["messages"]
    for message in (body, shown):
        assert (message["ts"], message["text"], message["files"]) == (sent, text, None)
        assert message["subtype"] == "me_message"
        assert "user" not in message


async def test_any_event_can_be_sent(workspace: Workspace, ear: Ear) -> None:
    """As it stands, also with fields of a kind that no message has."""
    odd = {"type": "message", "channel": "C0GENERAL", "ts": "1.0", "files": [{"id": "F1", "duration_ms": "1200"}]}
    number = await workspace.send_event(odd)
    await heard(workspace, ear, 1)
    assert (ear.bodies[0]["event_id"], ear.bodies[0]["event"]) == (number, odd)
