"""Lists in pages, files and faults of the pretend Slack, with the real client."""

import asyncio
import time
from collections.abc import AsyncIterator

import aiohttp
import pytest
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from deploy.sandbox.slack.workspace import Workspace
from deploy.sandbox.wire.server import Sandbox, serve
from tests.support.sandbox_slack import client_of, error_of

GENERAL = "C0GENERAL"


@pytest.fixture
async def sandbox() -> AsyncIterator[Sandbox]:
    """A sandbox of its own for each test, whose app may upload and list."""
    async with serve() as running:
        running.workspace.scopes |= {"files:write", "channels:read", "im:write", "mpim:write", "mpim:read", "team:read"}
        yield running


@pytest.fixture
def workspace(sandbox: Sandbox) -> Workspace:
    """The workspace of that sandbox."""
    return sandbox.workspace


@pytest.fixture
def client(sandbox: Sandbox) -> AsyncWebClient:
    """The real client of its app."""
    return client_of(sandbox)


async def fetched(url: str, token: str) -> tuple[int, str, bytes]:
    """Fetch a file and return status, content type and content."""
    headers = {"Authorization": f"Bearer {token}"}
    async with aiohttp.ClientSession() as session, session.get(url, headers=headers) as response:
        return response.status, response.content_type, await response.read()


async def download_url(workspace: Workspace, client: AsyncWebClient, content: bytes) -> str:
    """Let Ada upload a text and return the address that files.info gives for it."""
    file = await workspace.upload("notes.txt", content, "text/plain")
    return str((await client.files_info(file=file))["file"]["url_private_download"])


async def test_a_file_comes_as_it_was_uploaded(workspace: Workspace, client: AsyncWebClient) -> None:
    """With the app's token, from the address in its file object."""
    url = await download_url(workspace, client, b"what was said")
    assert await fetched(url, workspace.bot_token) == (200, "text/plain", b"what was said")


async def test_a_file_without_the_right_token_is_a_login_page(workspace: Workspace, client: AsyncWebClient) -> None:
    """Status 200 and HTML, for a wrong token as for a missing scope."""
    url = await download_url(workspace, client, b"secret")
    status, media_type, content = await fetched(url, "xoxb-other")
    assert (status, media_type) == (200, "text/html")
    assert b"secret" not in content
    workspace.scopes -= {"files:read"}
    assert (await fetched(url, workspace.bot_token))[1] == "text/html"


async def test_an_expired_file_is_gone(workspace: Workspace, client: AsyncWebClient) -> None:
    """On request every address leads nowhere."""
    url = await download_url(workspace, client, b"old")
    workspace.faults.expired_files = True
    assert (await fetched(url, workspace.bot_token))[0] == 404


async def test_the_sdk_uploads_a_file_into_a_thread(workspace: Workspace, client: AsyncWebClient) -> None:
    """Three steps: ask for an address, post the content there, name the channel."""
    root = await workspace.say(GENERAL, "question")
    await client.files_upload_v2(
        channel=GENERAL, thread_ts=root, filename="answer.txt", content="long answer", initial_comment="here"
    )
    reply = workspace.thread(GENERAL, root)[1]
    assert (reply.text, reply.bot_id, reply.files[0].name) == ("here", workspace.bot_id, "answer.txt")
    assert reply.files[0].content == b"long answer"


async def test_a_thread_comes_oldest_first_page_by_page(workspace: Workspace, client: AsyncWebClient) -> None:
    """The SDK follows the cursors to the end."""
    root = await workspace.say(GENERAL, "0")
    for number in range(1, 6):
        await workspace.say(GENERAL, str(number), thread_ts=root)
    pages = [page["messages"] async for page in await client.conversations_replies(channel=GENERAL, ts=root, limit=4)]
    assert [[message["text"] for message in page] for page in pages] == [["0", "1", "2", "3"], ["4", "5"]]
    assert (pages[0][0]["reply_count"], pages[0][1]["parent_user_id"]) == (5, "U0ADA1234")


async def test_a_thread_within_bounds_still_begins_with_its_root(workspace: Workspace, client: AsyncWebClient) -> None:
    """`oldest` and `latest` leave out replies, never the root; `inclusive` takes in the bounds."""
    root = await workspace.say(GENERAL, "0")
    stamps = [await workspace.say(GENERAL, str(number), thread_ts=root) for number in (1, 2, 3)]
    bounds = {"channel": GENERAL, "ts": root, "oldest": stamps[0], "latest": stamps[2]}
    inner = await client.api_call("conversations.replies", params=bounds)
    assert [message["text"] for message in inner["messages"]] == ["0", "2"]
    whole = await client.api_call("conversations.replies", params={**bounds, "inclusive": True})
    assert [message["text"] for message in whole["messages"]] == ["0", "1", "2", "3"]


async def test_history_is_newest_first_and_has_no_replies_but_broadcasts(
    workspace: Workspace, client: AsyncWebClient
) -> None:
    """A reply shown in the channel too is part of its history."""
    root = await workspace.say(GENERAL, "root")
    await workspace.say(GENERAL, "hidden", thread_ts=root)
    await client.chat_postMessage(channel=GENERAL, text="shown", thread_ts=root, reply_broadcast=True)
    page = await client.conversations_history(channel=GENERAL)
    assert [message["text"] for message in page["messages"]] == ["shown", "root"]
    assert page["messages"][0]["subtype"] == "thread_broadcast"


async def test_the_workspace_describes_itself(workspace: Workspace, client: AsyncWebClient) -> None:
    """Who the app is, who else is there, and where."""
    me = await client.auth_test()
    assert (me["user_id"], me["bot_id"], me["team_id"]) == (workspace.bot_user, workspace.bot_id, workspace.team)
    assert me.headers["x-oauth-scopes"].split(",") == sorted(workspace.scopes)
    assert (await client.team_info())["team"]["id"] == workspace.team
    assert (await client.users_info(user="U0ADA1234"))["user"]["profile"]["real_name"] == "Ada Lovelace"
    assert len((await client.users_list())["members"]) == 5
    names = [room["name"] for room in (await client.conversations_list(types="public_channel"))["channels"]]
    assert names == ["general", "engineering", "random", "lounge"]
    assert "U0ADA1234" in (await client.conversations_members(channel=GENERAL))["members"]


async def test_a_direct_message_is_opened_once_and_found_again(workspace: Workspace, client: AsyncWebClient) -> None:
    """With one person and with several."""
    assert (await client.conversations_open(users="U0ADA1234"))["channel"]["id"] == workspace.direct("U0ADA1234")
    first = await client.conversations_open(users=["U0ADA1234", "U0LINUS12"])
    again = await client.conversations_open(users=["U0LINUS12", "U0ADA1234"], return_im=True)
    assert again["channel"]["id"] == first["channel"]["id"]
    assert again["channel"]["is_mpim"] is True


async def test_arguments_may_come_as_json_or_as_a_form(workspace: Workspace, sandbox: Sandbox) -> None:
    """With the token in the header or among them."""
    blocks = '[{"type": "markdown", "text": "hi"}]'
    form = {"token": workspace.bot_token, "channel": GENERAL, "text": "hi", "blocks": blocks}
    async with aiohttp.ClientSession() as session:
        async with session.post(f"{sandbox.slack_api_url}chat.postMessage", data=form) as response:
            assert (await response.json())["ok"]
        headers = {"Authorization": f"Bearer {workspace.bot_token}"}
        body = {"channel": GENERAL, "text": "ho"}
        async with session.post(f"{sandbox.slack_api_url}chat.postMessage", json=body, headers=headers) as response:
            assert (await response.json())["ok"]
    assert [post.shown for post in workspace.posts(GENERAL)] == ["hi", "ho"]


async def test_a_method_limited_on_request_answers_429_until_then(workspace: Workspace, client: AsyncWebClient) -> None:
    """Only that method; the wait is told in whole seconds."""
    posted = await client.chat_postMessage(channel=GENERAL, text="one")
    workspace.faults.rate_limited["chat.update"] = time.monotonic() + 30
    with pytest.raises(SlackApiError) as refusal:
        await client.chat_update(channel=GENERAL, ts=posted["ts"], text="two")
    assert refusal.value.response.status_code == 429
    assert 28 <= int(refusal.value.response.headers["Retry-After"]) <= 30
    assert (await client.chat_postMessage(channel=GENERAL, text="three"))["ok"]


async def test_a_method_fails_as_often_as_it_was_asked_to(workspace: Workspace, client: AsyncWebClient) -> None:
    """503, with nothing done; the next call works."""
    workspace.faults.server_error["chat.postMessage"] = 1
    assert await error_of(client.chat_postMessage(channel=GENERAL, text="one")) == "service_unavailable"
    assert workspace.posts(GENERAL) == []
    assert (await client.chat_postMessage(channel=GENERAL, text="two"))["ok"]


@pytest.mark.parametrize(("fault", "posts"), [("dropped_reply", 1), ("reset", 0)])
async def test_a_connection_is_lost_after_the_work_or_before_it(
    sandbox: Sandbox, workspace: Workspace, fault: str, posts: int
) -> None:
    """The caller cannot tell the two apart; the channel can."""
    client = AsyncWebClient(token=workspace.bot_token, base_url=sandbox.slack_api_url, retry_handlers=[])
    getattr(workspace.faults, fault)["*"] = 1
    with pytest.raises(aiohttp.ClientConnectionError):
        await client.chat_postMessage(channel=GENERAL, text="one")
    assert len(workspace.posts(GENERAL)) == posts


async def test_a_slow_method_keeps_its_caller_waiting(workspace: Workspace, sandbox: Sandbox) -> None:
    """Longer than this caller's patience; then all faults are taken back."""
    workspace.faults.slow["chat.postMessage"] = 60
    hurried = AsyncWebClient(token=workspace.bot_token, base_url=sandbox.slack_api_url, timeout=60)
    call = asyncio.create_task(hurried.auth_test())
    assert (await call)["ok"]
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.05):
            await hurried.chat_postMessage(channel=GENERAL, text="one")
    workspace.faults.clear()
    assert (await hurried.chat_postMessage(channel=GENERAL, text="two"))["ok"]


async def test_a_status_shows_in_its_thread_and_titles_and_prompts_are_kept(
    workspace: Workspace, client: AsyncWebClient
) -> None:
    """A status that is set to nothing is gone."""
    root = await workspace.say("D0ADA1234", "question")
    await client.assistant_threads_setStatus(channel_id="D0ADA1234", thread_ts=root, status="is reading…")
    await client.assistant_threads_setTitle(channel_id="D0ADA1234", thread_ts=root, title="A question")
    prompts = [{"title": "Why", "message": "Why is that so?"}]
    await client.assistant_threads_setSuggestedPrompts(channel_id="D0ADA1234", thread_ts=root, prompts=prompts)
    assert workspace.threads.statuses == {("D0ADA1234", root): "is reading…"}
    assert workspace.threads.titles == {("D0ADA1234", root): "A question"}
    assert workspace.threads.prompts == {"D0ADA1234": prompts}
    await client.assistant_threads_setStatus(channel_id="D0ADA1234", thread_ts=root, status="")
    assert workspace.threads.statuses == {}


async def test_the_sdk_s_own_stream_grows_a_message(workspace: Workspace, client: AsyncWebClient) -> None:
    """chat_stream buffers, starts, appends and stops."""
    root = await workspace.say("D0ADA1234", "question")
    stream = await client.chat_stream(channel="D0ADA1234", thread_ts=root, buffer_size=4)
    for piece in ("**One** ", "two ", "three."):
        await stream.append(markdown_text=piece)
    await stream.stop(blocks=[{"type": "divider"}])
    reply = workspace.thread("D0ADA1234", root)[1]
    assert (reply.shown, reply.streaming) == ("**One** two three.", False)
    assert [block["type"] for block in reply.blocks] == ["markdown", "divider"]


async def test_an_update_without_blocks_keeps_them_and_an_empty_list_takes_them_away(
    workspace: Workspace, client: AsyncWebClient
) -> None:
    """So what a person sees changes only if the blocks do."""
    blocks = [{"type": "markdown", "text": "**one**"}]
    ts = (await client.chat_postMessage(channel=GENERAL, text="one", blocks=blocks))["ts"]
    await client.chat_update(channel=GENERAL, ts=ts, text="two")
    assert workspace.posts(GENERAL)[0].shown == "**one**"
    await client.chat_update(channel=GENERAL, ts=ts, text="two", blocks=[])
    assert workspace.posts(GENERAL)[0].shown == "two"
