"""Each rule of the pretend Slack, broken with the real client; `deploy/sandbox/slack/rules.py` lists them."""

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from deploy.sandbox.slack.limits import POSTING, Limits
from deploy.sandbox.slack.posts import Post
from deploy.sandbox.slack.refused import Refused
from deploy.sandbox.slack.workspace import Workspace
from deploy.sandbox.wire.server import Sandbox, serve
from tests.support.sandbox_slack import Body, client_of, error_of, refused

GENERAL = "C0GENERAL"
LOUNGE = "C0LOUNGE1"  # the app is not in it
NO_SUCH_TS = "1600000000.000100"


@pytest.fixture
async def sandbox() -> AsyncIterator[Sandbox]:
    """A sandbox of its own for each test, whose app was granted every scope."""
    async with serve() as running:
        more = ("channels:read", "groups:read", "im:read", "im:write", "files:write", "reactions:write", "team:read")
        running.workspace.scopes |= set(more)
        yield running


@pytest.fixture
def workspace(sandbox: Sandbox) -> Workspace:
    """The workspace of that sandbox."""
    return sandbox.workspace


@pytest.fixture
def client(sandbox: Sandbox) -> AsyncWebClient:
    """The real client of its app."""
    return client_of(sandbox)


async def test_a_call_without_a_token_is_refused(sandbox: Sandbox) -> None:
    """Nobody is nobody."""
    assert await error_of(client_of(sandbox, token="").auth_test()) == "not_authed"


async def test_a_call_with_a_wrong_token_is_refused(sandbox: Sandbox) -> None:
    """A token of another make opens nothing."""
    assert await error_of(client_of(sandbox, token="xoxb-other").auth_test()) == "invalid_auth"


async def test_the_two_tokens_do_not_stand_in_for_each_other(sandbox: Sandbox, client: AsyncWebClient) -> None:
    """Neither may the bot's token open sockets, nor the app's token post."""
    workspace = sandbox.workspace
    app = client_of(sandbox, token=workspace.app_token)
    assert await error_of(app.chat_postMessage(channel=GENERAL, text="hi")) == "not_allowed_token_type"
    opening = client.apps_connections_open(app_token=workspace.bot_token)
    assert await error_of(opening) == "not_allowed_token_type"


async def test_a_method_without_its_scope_is_refused(workspace: Workspace, client: AsyncWebClient) -> None:
    """The refusal names what is needed and what there is; history asks for the scope of its kind of channel."""
    workspace.scopes = {"channels:history", "chat:write"}
    answer = await refused(client.users_info(user="U0ADA1234"))
    assert (answer["error"], answer["needed"], answer["provided"]) == (
        "missing_scope",
        "users:read",
        "channels:history,chat:write",
    )
    assert (await client.conversations_history(channel=GENERAL))["ok"]
    assert (await refused(client.conversations_history(channel="D0ADA1234")))["needed"] == "im:history"
    assert await error_of(client.conversations_info(channel=GENERAL)) == "missing_scope"


async def test_an_unknown_method_is_refused(client: AsyncWebClient) -> None:
    """So an app finds out what this workspace has not."""
    assert await error_of(client.api_call("agents.sessions.setStatus")) == "unknown_method"


async def test_a_body_that_is_not_json_is_refused(client: AsyncWebClient) -> None:
    """The content type says JSON, the body does not."""
    call = client.api_call("chat.postMessage", data="{no", headers={"Content-Type": "application/json"})  # type: ignore[arg-type]  # broken on purpose
    assert await error_of(call) == "invalid_json"


async def test_a_body_that_is_no_object_is_refused(client: AsyncWebClient) -> None:
    """A list has no arguments."""
    call = client.api_call("chat.postMessage", data="[1]", headers={"Content-Type": "application/json"})  # type: ignore[arg-type]  # broken on purpose
    assert await error_of(call) == "json_not_object"


async def test_api_test_fails_as_it_is_asked_to(client: AsyncWebClient) -> None:
    """And otherwise gives back what it was sent."""
    assert await error_of(client.api_test(error="my_error")) == "my_error"
    assert (await client.api_call("api.test", params={"foo": "bar"}))["args"] == {"foo": "bar"}


async def until_refused(call: Callable[[], Awaitable[object]]) -> SlackApiError:
    """Call again and again, and return the first refusal; a slow machine is given more tries."""
    try:
        for _ in range(200):
            await call()
    except SlackApiError as refusal:
        return refusal
    raise AssertionError("it was never refused")


async def test_a_burst_into_one_channel_is_slowed_down_and_other_channels_are_not(client: AsyncWebClient) -> None:
    """The caller hears after how many seconds to come again."""
    response = (await until_refused(lambda: client.chat_postMessage(channel=GENERAL, text="again"))).response
    assert (response.status_code, response["error"]) == (429, "ratelimited")
    assert response.headers["Retry-After"] == "1"
    assert (await client.chat_postMessage(channel="C0RANDOM1", text="elsewhere"))["ok"]


async def test_a_method_called_more_often_than_its_tier_is_slowed_down(
    workspace: Workspace, client: AsyncWebClient
) -> None:
    """Tier 2 is 20 a minute; with the limits off there is no end."""
    assert (await until_refused(client.users_list)).response["error"] == "ratelimited"
    assert sum(call.outcome == "ok" for call in workspace.calls) >= 20
    workspace.limits_on = False
    assert (await client.users_list())["ok"]


def test_a_rate_lets_its_burst_through_and_then_one_as_each_comes_due() -> None:
    """Five posts at once, the sixth a second later; an empty minute does not save up more than a burst."""
    now = [0.0]
    limits = Limits(clock=lambda: now[0])

    def taken() -> int:
        for count in range(100):
            try:
                limits.take("chat.postMessage C1", POSTING)
            except Refused:
                return count
        return 100

    assert taken() == 5
    now[0] = 0.9
    assert taken() == 0
    now[0] = 1.0
    assert taken() == 1
    now[0] = 61.0
    assert taken() == 5


async def test_a_distributed_app_reads_little_history_and_seldom(workspace: Workspace, client: AsyncWebClient) -> None:
    """Once a minute, fifteen at a time, whatever it asks for."""
    workspace.distributed = True
    for number in range(16):
        await workspace.say(GENERAL, str(number))
    page = await client.conversations_history(channel=GENERAL, limit=100)
    assert (len(page["messages"]), page["has_more"]) == (15, True)
    assert await error_of(client.conversations_history(channel=GENERAL)) == "ratelimited"


async def test_an_unknown_or_unseen_channel_is_refused(workspace: Workspace, client: AsyncWebClient) -> None:
    """A private channel that the app is not in does not exist for it."""
    assert await error_of(client.chat_postMessage(channel="C0NOWHERE", text="hi")) == "channel_not_found"
    workspace.channels["C0BUDGET1"].members.discard(workspace.bot_user)
    assert await error_of(client.conversations_history(channel="C0BUDGET1")) == "channel_not_found"


async def test_a_channel_that_the_app_is_not_in_is_refused(client: AsyncWebClient) -> None:
    """It may see that a public channel exists, but neither post there nor read."""
    assert await error_of(client.chat_postMessage(channel=LOUNGE, text="hi")) == "not_in_channel"
    assert await error_of(client.conversations_replies(channel=LOUNGE, ts=NO_SUCH_TS)) == "not_in_channel"
    assert (await client.conversations_info(channel=LOUNGE))["channel"]["is_member"] is False


async def test_a_thread_that_is_none_is_refused(workspace: Workspace, client: AsyncWebClient) -> None:
    """Neither an unknown ts nor a reply's ts is a thread."""
    root = await workspace.say(GENERAL, "root")
    reply = await workspace.say(GENERAL, "reply", thread_ts=root)
    for ts in (NO_SUCH_TS, reply):
        posting = client.chat_postMessage(channel=GENERAL, text="hi", thread_ts=ts)
        assert await error_of(posting) == "thread_not_found"
    assert await error_of(client.conversations_replies(channel=GENERAL, ts=NO_SUCH_TS)) == "thread_not_found"
    status = client.assistant_threads_setStatus(channel_id=GENERAL, thread_ts=NO_SUCH_TS, status="thinking")
    assert await error_of(status) == "thread_not_found"
    starting = client.api_call("chat.startStream", json={"channel": "D0ADA1234", "markdown_text": "hi"})
    assert await error_of(starting) == "thread_not_found"


async def test_a_message_that_is_gone_is_refused(workspace: Workspace, client: AsyncWebClient) -> None:
    """Nor is a tombstone a message any more."""
    root = await workspace.say(GENERAL, "root")
    await workspace.say(GENERAL, "reply", thread_ts=root)
    await workspace.delete(GENERAL, root)
    for ts in (NO_SUCH_TS, root):
        assert await error_of(client.chat_update(channel=GENERAL, ts=ts, text="hi")) == "message_not_found"
        assert await error_of(client.chat_delete(channel=GENERAL, ts=ts)) == "message_not_found"
        reacting = client.reactions_add(channel=GENERAL, timestamp=ts, name="eyes")
        assert await error_of(reacting) == "message_not_found"


async def test_an_ephemeral_message_to_an_outsider_is_refused(client: AsyncWebClient) -> None:
    """Grace is in the channel, Nobody is not."""
    assert (await client.chat_postEphemeral(channel=GENERAL, user="U0GRACE12", text="psst"))["message_ts"]
    whisper = client.chat_postEphemeral(channel=GENERAL, user="U0NOBODY1", text="psst")
    assert await error_of(whisper) == "user_not_in_channel"


async def test_an_empty_message_is_refused(workspace: Workspace, client: AsyncWebClient) -> None:
    """On post and on update; blocks without text are something."""
    posted = await client.chat_postMessage(channel=GENERAL, text="hi")
    updating = client.api_call("chat.update", json={"channel": GENERAL, "ts": posted["ts"], "text": ""})
    assert await error_of(updating) == "no_text"
    assert await error_of(client.api_call("chat.postMessage", json={"channel": GENERAL})) == "no_text"
    blocks = [{"type": "markdown", "text": "**hi**"}]
    await client.api_call("chat.postMessage", json={"channel": GENERAL, "blocks": blocks})
    assert workspace.posts(GENERAL)[-1].shown == "**hi**"


async def test_a_text_too_long_is_refused(client: AsyncWebClient) -> None:
    """4,000 characters go, one more does not."""
    posted = await client.chat_postMessage(channel=GENERAL, text="x" * 4000)
    assert await error_of(client.chat_postMessage(channel=GENERAL, text="x" * 4001)) == "msg_too_long"
    updating = client.chat_update(channel=GENERAL, ts=posted["ts"], text="x" * 4001)
    assert await error_of(updating) == "msg_too_long"


async def test_a_markdown_text_too_long_is_refused(workspace: Workspace, client: AsyncWebClient) -> None:
    """12,000 characters go, one more does not."""
    await client.chat_postMessage(channel=GENERAL, markdown_text="x" * 12_000)
    assert len(workspace.posts(GENERAL)[0].shown) == 12_000
    assert await error_of(client.chat_postMessage(channel=GENERAL, markdown_text="x" * 12_001)) == "msg_too_long"


async def test_markdown_text_beside_text_is_refused(client: AsyncWebClient) -> None:
    """One or the other."""
    posting = client.chat_postMessage(channel=GENERAL, text="hi", markdown_text="**hi**")
    assert await error_of(posting) == "markdown_text_conflict"


async def test_markdown_blocks_too_long_together_are_refused(client: AsyncWebClient) -> None:
    """Two that would each pass do not pass together."""
    block = {"type": "markdown", "text": "x" * 6001}
    posting = client.chat_postMessage(channel=GENERAL, text="hi", blocks=[block, block])
    assert await error_of(posting) == "msg_blocks_too_long"


async def test_more_than_fifty_blocks_are_refused(client: AsyncWebClient) -> None:
    """The refusal says where; fifty go."""
    await client.chat_postMessage(channel=GENERAL, text="hi", blocks=[{"type": "divider"}] * 50)
    answer = await refused(client.chat_postMessage(channel=GENERAL, text="hi", blocks=[{"type": "divider"}] * 51))
    assert answer["error"] == "invalid_blocks"
    assert answer["response_metadata"]["messages"] == ["[ERROR] no more than 50 items allowed [json-pointer:/blocks]"]


async def test_a_markdown_block_that_expands_to_more_than_fifty_is_refused(client: AsyncWebClient) -> None:
    """Fifty headings go, fifty-one do not, and a block beside them counts."""
    fifty = {"type": "markdown", "text": "# heading\n" * 50}
    await client.chat_postMessage(channel=GENERAL, text="hi", blocks=[fifty])
    more = {"type": "markdown", "text": "# heading\n" * 51}
    for blocks in ([more], [fifty, {"type": "divider"}]):
        posting = client.chat_postMessage(channel=GENERAL, text="hi", blocks=blocks)
        assert await error_of(posting) == "invalid_blocks"


def _plain(text: str) -> Body:
    return {"type": "plain_text", "text": text}


@pytest.mark.parametrize(
    "block",
    [
        {"type": "no_such_block"},
        {"type": "divider", "block_id": "x" * 256},
        {"type": "header", "text": _plain("x" * 151)},
        {"type": "section", "text": _plain("x" * 3001)},
        {"type": "section"},
        {"type": "section", "fields": [_plain("x" * 2001)]},
        {"type": "section", "fields": [_plain("x")] * 11},
        {"type": "markdown", "text": ""},
        {"type": "actions", "elements": [{"type": "button", "text": _plain("x" * 76)}]},
        {"type": "actions", "elements": [{"type": "button", "text": _plain("x"), "value": "x" * 2001}]},
        {"type": "actions", "elements": [{"type": "button", "text": _plain("x"), "action_id": "x" * 256}]},
        {"type": "actions", "elements": [{"type": "button", "text": _plain("x"), "action_id": "a"}] * 2},
        {"type": "actions", "elements": []},
        {"type": "table", "rows": [[_plain("x")]] * 101},
        {"type": "table", "rows": [[_plain("x")] * 21]},
        {"type": "table", "rows": [[_plain("x" * 5001)] * 2]},
    ],
    ids=lambda block: f"{block['type']}",
)
async def test_a_block_beyond_its_own_limit_is_refused(client: AsyncWebClient, block: Body) -> None:
    """Each kind of block has limits of its own."""
    posting = client.chat_postMessage(channel=GENERAL, text="hi", blocks=[block])
    assert await error_of(posting) == "invalid_blocks"


async def test_blocks_that_are_no_list_are_refused(client: AsyncWebClient) -> None:
    """Neither broken JSON nor an object nor a list of strings will do."""
    for blocks in ("{no", {"type": "divider"}, ["divider"]):
        posting = client.api_call("chat.postMessage", json={"channel": GENERAL, "text": "hi", "blocks": blocks})
        assert await error_of(posting) == "invalid_blocks_format"


async def test_metadata_without_its_fields_is_refused(client: AsyncWebClient) -> None:
    """event_type and event_payload belong together; whole metadata comes back from history."""
    posting = client.chat_postMessage(channel=GENERAL, text="hi", metadata={"event_type": "turn"})
    assert await error_of(posting) == "invalid_metadata_format"
    metadata: Body = {"event_type": "turn", "event_payload": {"id": "1"}}
    await client.chat_postMessage(channel=GENERAL, text="hi", metadata=metadata)
    page = await client.conversations_history(channel=GENERAL, include_all_metadata=True)
    assert page["messages"][0]["metadata"] == metadata


async def test_updating_another_s_message_is_refused(workspace: Workspace, client: AsyncWebClient) -> None:
    """What Ada wrote is hers."""
    ts = await workspace.say(GENERAL, "mine")
    assert await error_of(client.chat_update(channel=GENERAL, ts=ts, text="ours")) == "cant_update_message"


async def test_deleting_another_s_message_is_refused(workspace: Workspace, client: AsyncWebClient) -> None:
    """What Ada wrote stays."""
    ts = await workspace.say(GENERAL, "mine")
    assert await error_of(client.chat_delete(channel=GENERAL, ts=ts)) == "cant_delete_message"


async def test_an_update_after_the_edit_window_is_refused(workspace: Workspace, client: AsyncWebClient) -> None:
    """A workspace may allow editing for so many seconds only."""
    posted = await client.chat_postMessage(channel=GENERAL, text="hi")
    workspace.edit_window = -1.0
    assert await error_of(client.chat_update(channel=GENERAL, ts=posted["ts"], text="ho")) == "edit_window_closed"


async def test_a_stream_in_a_channel_without_its_recipient_is_refused(
    workspace: Workspace, client: AsyncWebClient
) -> None:
    """Slack wants to know who asked."""
    root = await workspace.say(GENERAL, "question")
    starting = client.chat_startStream(channel=GENERAL, thread_ts=root, recipient_team_id=workspace.team)
    assert await error_of(starting) == "missing_recipient_user_id"


async def test_a_stream_in_a_channel_without_its_team_is_refused(workspace: Workspace, client: AsyncWebClient) -> None:
    """And in which workspace they are."""
    root = await workspace.say(GENERAL, "question")
    starting = client.chat_startStream(channel=GENERAL, thread_ts=root, recipient_user_id="U0ADA1234")
    assert await error_of(starting) == "missing_recipient_team_id"


async def started(workspace: Workspace, client: AsyncWebClient) -> str:
    """Begin a stream in Ada's direct message and return its ts."""
    root = await workspace.say("D0ADA1234", "question")
    return str((await client.chat_startStream(channel="D0ADA1234", thread_ts=root, markdown_text="One "))["ts"])


async def test_updating_a_message_that_still_grows_is_refused(workspace: Workspace, client: AsyncWebClient) -> None:
    """Stop it first."""
    ts = await started(workspace, client)
    assert await error_of(client.chat_update(channel="D0ADA1234", ts=ts, text="hi")) == "streaming_state_conflict"


async def test_adding_to_a_stream_that_was_stopped_is_refused(workspace: Workspace, client: AsyncWebClient) -> None:
    """What was streamed stays."""
    ts = await started(workspace, client)
    await client.chat_appendStream(channel="D0ADA1234", ts=ts, markdown_text="two ")
    await client.chat_stopStream(channel="D0ADA1234", ts=ts, markdown_text="three.")
    adding = client.chat_appendStream(channel="D0ADA1234", ts=ts, markdown_text="four")
    assert await error_of(adding) == "message_not_in_streaming_state"
    assert workspace.posts("D0ADA1234")[-1].shown == "One two three."


async def test_adding_to_a_stream_after_five_minutes_is_refused(workspace: Workspace, client: AsyncWebClient) -> None:
    """The server has closed it by then, whatever the traffic; an update is possible again."""
    old = Post(NO_SUCH_TS, "D0ADA1234", workspace.bot_user, "long ago", bot_id=workspace.bot_id, streaming=True)
    workspace.publish(old)
    adding = client.chat_appendStream(channel="D0ADA1234", ts=old.ts, markdown_text="more")
    assert await error_of(adding) == "message_not_in_streaming_state"
    assert (await client.chat_update(channel="D0ADA1234", ts=old.ts, text="done"))["ok"]


async def test_a_stream_that_grows_too_long_is_refused(workspace: Workspace, client: AsyncWebClient) -> None:
    """The sum counts, and in bytes; nothing of the last piece is added."""
    ts = await started(workspace, client)
    await client.chat_appendStream(channel="D0ADA1234", ts=ts, markdown_text="é" * 5000)
    adding = client.chat_appendStream(channel="D0ADA1234", ts=ts, markdown_text="é" * 400)
    assert await error_of(adding) == "msg_too_long"
    assert workspace.posts("D0ADA1234")[-1].shown == "One " + "é" * 5000


async def test_adding_to_another_s_message_is_refused(workspace: Workspace, client: AsyncWebClient) -> None:
    """What Ada wrote does not grow by the app."""
    ts = await workspace.say("D0ADA1234", "mine")
    adding = client.chat_appendStream(channel="D0ADA1234", ts=ts, markdown_text="ours")
    assert await error_of(adding) == "message_not_owned_by_app"


async def test_arguments_of_the_wrong_kind_are_refused(workspace: Workspace, client: AsyncWebClient) -> None:
    """A limit is a number, an upload has a length, four prompts are the most, text and chunks exclude each other."""
    ts = await started(workspace, client)
    chunks = [{"type": "markdown_text", "text": "two"}]
    for call in (
        client.api_call("users.list", params={"limit": "many"}),
        client.files_getUploadURLExternal(filename="a.txt", length=0),
        client.files_completeUploadExternal(files=[]),
        client.assistant_threads_setSuggestedPrompts(
            channel_id="D0ADA1234", thread_ts=ts, prompts=[{"title": "a", "message": "b"}] * 5
        ),
        client.assistant_threads_setStatus(
            channel_id="D0ADA1234", thread_ts=ts, status="thinking", loading_messages=["hm"] * 11
        ),
        client.chat_appendStream(channel="D0ADA1234", ts=ts, markdown_text="two", chunks=chunks),
        client.views_publish(user_id="U0ADA1234", view={"type": "modal", "blocks": []}),
    ):
        assert await error_of(call) == "invalid_arguments"


async def test_a_cursor_of_one_s_own_making_is_refused(client: AsyncWebClient) -> None:
    """Whether it is no base64, or base64 of something else."""
    for cursor in ("!", "aGVsbG8="):
        assert await error_of(client.users_list(cursor=cursor)) == "invalid_cursor"


async def test_an_unknown_type_of_conversation_is_refused(client: AsyncWebClient) -> None:
    """The types are Slack's own words."""
    assert await error_of(client.conversations_list(types="public_channel,secret")) == "invalid_types"


async def test_opening_a_message_with_nobody_is_refused(client: AsyncWebClient) -> None:
    """It takes somebody to talk to."""
    assert await error_of(client.conversations_open(users="")) == "users_list_not_supplied"


async def test_an_unknown_user_is_refused(client: AsyncWebClient) -> None:
    """Wherever a person is named."""
    assert await error_of(client.users_info(user="U0NOBODY1")) == "user_not_found"
    assert await error_of(client.conversations_open(users="U0NOBODY1")) == "user_not_found"
    assert await error_of(client.views_publish(user_id="U0NOBODY1", view={"type": "home"})) == "user_not_found"


async def test_an_unknown_bot_is_refused(workspace: Workspace, client: AsyncWebClient) -> None:
    """The app's own is known."""
    assert (await client.bots_info(bot=workspace.bot_id))["bot"]["user_id"] == workspace.bot_user
    assert await error_of(client.bots_info(bot="B0NOBODY1")) == "bot_not_found"


async def test_an_unknown_or_empty_file_is_refused(client: AsyncWebClient) -> None:
    """An upload that was begun but never sent is none."""
    assert await error_of(client.files_info(file="F0NONE123")) == "file_not_found"
    begun = await client.files_getUploadURLExternal(filename="a.txt", length=3)
    ending = client.files_completeUploadExternal(files=[{"id": begun["file_id"], "title": "a"}])
    assert await error_of(ending) == "file_not_found"


async def test_reacting_twice_is_refused(workspace: Workspace, client: AsyncWebClient) -> None:
    """Once is enough."""
    ts = await workspace.say(GENERAL, "hello")
    await client.reactions_add(channel=GENERAL, timestamp=ts, name="eyes")
    assert await error_of(client.reactions_add(channel=GENERAL, timestamp=ts, name="eyes")) == "already_reacted"


async def test_taking_back_no_reaction_is_refused(workspace: Workspace, client: AsyncWebClient) -> None:
    """A reaction can be taken back once."""
    ts = await workspace.say(GENERAL, "hello")
    await client.reactions_add(channel=GENERAL, timestamp=ts, name="eyes")
    await client.reactions_remove(channel=GENERAL, timestamp=ts, name="eyes")
    assert await error_of(client.reactions_remove(channel=GENERAL, timestamp=ts, name="eyes")) == "no_reaction"


async def test_a_reaction_without_a_name_is_refused(workspace: Workspace, client: AsyncWebClient) -> None:
    """Nothing is no reaction."""
    ts = await workspace.say(GENERAL, "hello")
    assert await error_of(client.reactions_add(channel=GENERAL, timestamp=ts, name="")) == "invalid_name"


async def test_a_manifest_that_lacks_something_is_refused(sandbox: Sandbox) -> None:
    """And one that is no JSON; nobody but a person's configuration token makes an app."""
    person = client_of(sandbox, sandbox.workspace.configuration_token)
    manifest: dict[str, Any] = {"display_information": {"name": "A"}, "features": {"bot_user": {}}}
    for broken in ("{no", "[]", {}, manifest):
        assert await error_of(person.apps_manifest_create(manifest=broken)) == "invalid_manifest"
    whole = {**manifest, "oauth_config": {"scopes": {"bot": []}}}
    assert await error_of(client_of(sandbox).apps_manifest_create(manifest=whole)) == "not_allowed_token_type"
    assert (await person.apps_manifest_create(manifest=whole))["app_id"] == sandbox.workspace.app_id
