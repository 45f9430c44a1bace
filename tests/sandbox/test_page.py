"""The page's own API: what it tells, what it lets a person do, and whom it refuses."""

import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from aiohttp import ClientSession, ClientWebSocketResponse, WSServerHandshakeError
from slack_sdk.web.async_client import AsyncWebClient

from deploy.sandbox.openai.model import FAULTS
from deploy.sandbox.wire.server import Sandbox

ADA = {"platform": "slack", "channel": "C0GENERAL", "user": "U0ADA1234"}
GRACE = {**ADA, "user": "U0GRACE12"}
PAGE = Path(__file__).parents[2] / "deploy" / "sandbox" / "page"
Json = dict[str, Any]


@pytest.fixture
async def http(sandbox: Sandbox) -> AsyncIterator[ClientSession]:
    """Return a client of the page's API."""
    async with ClientSession(base_url=sandbox.url) as session:
        yield session


@pytest.fixture
async def live(http: ClientSession) -> AsyncIterator[ClientWebSocketResponse]:
    """Return the page's websocket, after the state that it begins with."""
    async with http.ws_connect("/api/live") as socket:
        await socket.receive_json(timeout=60)
        yield socket


@pytest.fixture
def slack(sandbox: Sandbox) -> AsyncWebClient:
    """Return Slack's own client, with the bot's token."""
    return AsyncWebClient(sandbox.workspace.bot_token, base_url=sandbox.slack_api_url)


async def call(http: ClientSession, name: str, asked: Json, status: int = 200) -> Json:
    """Make a call and return its answer, which has this status."""
    async with http.post(f"/api/{name}", json=asked) as response:
        answer: Json = await response.json()
        assert response.status == status, answer
        return answer


async def heard(live: ClientWebSocketResponse, kind: str) -> Json:
    """Return the next change of this kind."""
    while (change := await live.receive_json(timeout=60))["kind"] != kind:
        pass
    found: Json = change
    return found


async def state(http: ClientSession) -> Json:
    """Return everything that the page is told at first."""
    async with http.get("/api/state") as response:
        found: Json = await response.json()
        return found


async def test_the_first_that_a_page_hears_is_everything(sandbox: Sandbox, http: ClientSession) -> None:
    """People, channels, posts and faults come at once, so that a page that reconnects is right again."""
    await sandbox.workspace.say("C0GENERAL", "Good morning")
    async with http.ws_connect("/api/live") as socket:
        first = await socket.receive_json(timeout=60)
    assert first == {**await state(http), "kind": "state"}
    slack, discord = first["platforms"]
    assert {"id": "U0CONFAB1", "name": "Confab", "real_name": "Confab", "is_bot": True} in slack["people"]
    assert [post["text"] for post in slack["posts"]] == ["Good morning"]
    assert [room["name"] for room in discord["channels"] if room["kind"] == "channel"] == [
        "general",
        "engineering",
        "random",
        "lounge",
    ]


async def test_what_a_person_writes_is_said_in_the_workspace(
    sandbox: Sandbox, http: ClientSession, live: ClientWebSocketResponse
) -> None:
    """It stands in the channel under the person's name, and every open page hears of it."""
    said = await call(http, "say", {**GRACE, "text": "<@U0CONFAB1> hello"})
    (post,) = sandbox.workspace.posts("C0GENERAL")
    assert (post.ts, post.user, post.text) == (said["id"], "U0GRACE12", "<@U0CONFAB1> hello")
    change = await heard(live, "posted")
    assert change["platform"] == "slack"
    assert change["post"]["id"] == post.ts


async def test_a_reply_may_go_to_the_channel_too(sandbox: Sandbox, http: ClientSession) -> None:
    """As Slack has it: one post, in the thread, with the subtype thread_broadcast."""
    root = await call(http, "say", {**ADA, "text": "Who is in?"})
    await call(http, "say", {**GRACE, "text": "I am", "thread": root["id"], "broadcast": True})
    reply = sandbox.workspace.thread("C0GENERAL", root["id"])[1]
    assert (reply.text, reply.subtype) == ("I am", "thread_broadcast")


async def test_an_answer_is_heard_growing(
    sandbox: Sandbox, slack: AsyncWebClient, live: ClientWebSocketResponse
) -> None:
    """Each edit of the bot's arrives, as the Markdown that it is."""
    blocks = [{"type": "markdown", "text": "**Half**"}]
    posted = await slack.chat_postMessage(channel="C0GENERAL", text="Half", blocks=blocks)
    assert (await heard(live, "posted"))["post"]["dialect"] == "markdown"
    blocks = [{"type": "markdown", "text": "**Half** and whole"}]
    await slack.chat_update(channel="C0GENERAL", ts=posted["ts"], text="Half and whole", blocks=blocks)
    assert (await heard(live, "edited"))["post"]["text"] == "**Half** and whole"
    assert sandbox.workspace.posts("C0GENERAL")[0].shown == "**Half** and whole"


async def test_what_the_bot_is_doing_is_told_and_ends(
    http: ClientSession, slack: AsyncWebClient, live: ClientWebSocketResponse
) -> None:
    """A status belongs to a thread, and a page that is opened in the middle sees it too."""
    root = await call(http, "say", {**ADA, "text": "Think about it"})
    await slack.assistant_threads_setStatus(channel_id="C0GENERAL", thread_ts=root["id"], status="is thinking")
    told = {"channel": "C0GENERAL", "thread": root["id"], "user": "U0CONFAB1", "text": "is thinking"}
    assert await heard(live, "status") == {"kind": "status", "platform": "slack", **told}
    assert (await state(http))["platforms"][0]["statuses"] == [told]
    await slack.chat_postMessage(channel="C0GENERAL", thread_ts=root["id"], text="Done")
    assert (await heard(live, "status"))["text"] == ""


async def test_only_ones_own_messages_can_be_changed(
    sandbox: Sandbox, http: ClientSession, live: ClientWebSocketResponse
) -> None:
    """The author edits and deletes; anybody else is refused."""
    mine = {**ADA, **await call(http, "say", {**ADA, "text": "Wensday"})}
    await call(http, "edit", {**mine, "user": "U0GRACE12", "text": "Never"}, 403)
    await call(http, "delete", {**mine, "user": "U0GRACE12"}, 403)
    await call(http, "edit", {**mine, "text": "Wednesday"})
    edited = (await heard(live, "edited"))["post"]
    assert (edited["text"], edited["edited"]) == ("Wednesday", True)
    await call(http, "delete", mine)
    assert (await heard(live, "deleted"))["post"]["id"] == mine["id"]
    assert sandbox.workspace.posts("C0GENERAL") == []


async def test_a_deleted_root_leaves_its_tombstone(http: ClientSession, live: ClientWebSocketResponse) -> None:
    """Its replies keep their place, so the page is told of an edit."""
    root = await call(http, "say", {**ADA, "text": "To be regretted"})
    await call(http, "say", {**GRACE, "text": "Too late", "thread": root["id"]})
    await call(http, "delete", {**ADA, **root})
    edited = (await heard(live, "edited"))["post"]
    assert (edited["id"], edited["deleted"]) == (root["id"], True)


@pytest.mark.parametrize(
    ("asked", "status"),
    [
        ({**ADA, "text": ""}, 400),
        ({**ADA, "text": "Hi", "channel": "C0NOWHERE"}, 404),
        ({**ADA, "text": "Hi", "platform": "telegraph"}, 404),
        ({**ADA, "text": "Hi", "user": "U0CONFAB1"}, 403),
        ({**ADA, "text": "Hi", "thread": "1.0"}, 404),
        ({**ADA, "text": "Hi", "files": ["F0NOTHING"]}, 404),
    ],
)
async def test_what_makes_no_sense_is_refused_with_a_sentence(http: ClientSession, asked: Json, status: int) -> None:
    """The page shows the sentence to the person."""
    assert (await call(http, "say", asked, status))["error"].endswith(".")


async def test_a_body_that_is_no_object_is_refused(http: ClientSession) -> None:
    """Neither broken JSON nor a list is a call."""
    for broken in ("{", "[]"):
        async with http.post("/api/say", data=broken, headers={"Content-Type": "application/json"}) as response:
            assert response.status == 400


async def upload(http: ClientSession, content: bytes, media_type: str, **query: str) -> str:
    """Upload a file as Ada and return its id."""
    query = {"platform": "slack", "user": "U0ADA1234", **query}
    async with http.post("/api/upload", params=query, data=content, headers={"Content-Type": media_type}) as response:
        return str((await response.json())["id"])


async def test_a_file_is_uploaded_shared_and_served(sandbox: Sandbox, http: ClientSession) -> None:
    """It comes back as it went in, and one that a browser would run is only ever saved."""
    sent = b"<script>alert(1)</script>"
    file = await upload(http, sent, "text/html", name="../page.html")
    await call(http, "say", {**ADA, "text": "", "files": [file]})
    (post,) = (await state(http))["platforms"][0]["posts"]
    assert (post["files"][0]["name"], post["files"][0]["size"]) == ("page.html", 25)
    async with http.get(post["files"][0]["url"]) as response:
        assert await response.read() == sent
        assert response.content_type == "application/octet-stream"
        assert response.headers["Content-Disposition"] == "attachment"
        assert response.headers["X-Content-Type-Options"] == "nosniff"
    assert sandbox.workspace.files[file].media_type == "text/html"


async def test_a_recording_arrives_as_slacks_own_audio_clip(sandbox: Sandbox, http: ClientSession) -> None:
    """A bot sees the subtype slack_audio and the length in milliseconds."""
    file = await upload(http, b"sound", "audio/webm", name="audio_message.webm", voice_seconds="2.5")
    seen = sandbox.workspace.files[file].as_json("")
    assert (seen["subtype"], seen["mimetype"], seen["duration_ms"]) == ("slack_audio", "audio/webm", 2500)
    async with http.get(f"/api/files/slack/{file}") as response:
        assert (response.content_type, response.headers["Content-Disposition"]) == ("audio/webm", "inline")


async def test_a_length_that_is_no_number_is_refused(http: ClientSession) -> None:
    """And nothing is kept."""
    async with http.post("/api/upload", params={**ADA, "voice_seconds": "long"}, data=b"x") as response:
        assert response.status == 400


async def test_the_page_sees_what_reached_the_model(http: ClientSession) -> None:
    """Roles, names, contents, parameters and times, the newest request first."""
    messages = [{"role": "system", "content": "Be brief."}, {"role": "user", "name": "Ada", "content": "Hello"}]
    asked = {"model": "stand-in", "messages": messages, "temperature": 0.5, "stream": True}
    for text in ("Hello", [{"type": "text", "text": "Again"}]):
        messages[1]["content"] = text  # type: ignore[assignment] # the API takes parts as well
        headers = {"Authorization": "Bearer any"}
        async with http.post("/v1/chat/completions", json=asked, headers=headers) as response:
            await response.read()
    async with http.get("/api/requests") as response:
        newest, oldest = (await response.json())["requests"]
    assert newest["messages"][1] == {"role": "user", "name": "Ada", "content": "Again"}
    assert oldest["messages"][0]["content"] == "Be brief."
    assert (newest["number"], newest["parameters"]) == (2, ["temperature 0.5"])
    assert newest["first_token_ms"] >= 0
    assert newest["outcome"].startswith("done in")


def named(fault: Json) -> tuple[str, str]:
    """Return what tells one fault from all others."""
    return fault["platform"], fault["name"]


async def test_faults_are_switched_on_and_off(
    sandbox: Sandbox, http: ClientSession, live: ClientWebSocketResponse
) -> None:
    """What is switched on the page holds in the workspace, and every page sees it."""
    await call(http, "faults", {"platform": "slack", "name": "deliveries", "value": True})
    assert sandbox.workspace.faults.deliveries == 3
    told = {named(fault): fault["value"] for fault in (await heard(live, "surroundings"))["faults"]}
    assert told["slack", "deliveries"] is True
    assert told["discord", "deliveries"] is False
    await call(http, "faults", {"platform": "slack", "name": "deliveries", "value": False})
    assert sandbox.workspace.faults.deliveries == 1


async def test_every_fault_can_be_set_and_taken_back(sandbox: Sandbox, http: ClientSession) -> None:
    """After that the workspace and the model are as they were."""
    before = (await state(http))["faults"]
    for fault in before:
        value = fault["choices"][1] if fault["choices"] else True
        await call(http, "faults", {"platform": fault["platform"], "name": fault["name"], "value": value})
    during = {named(fault): fault["value"] for fault in (await state(http))["faults"] if fault["kind"] != "button"}
    for fault in before:
        await call(http, "faults", {"platform": fault["platform"], "name": fault["name"], "value": fault["value"]})
    assert during["", "model"] == next(iter(FAULTS))
    assert all(during.values())
    assert (await state(http))["faults"] == before
    assert sandbox.workspace.faults.slow == {}


async def test_a_limit_on_edits_is_felt_by_slacks_client(http: ClientSession, slack: AsyncWebClient) -> None:
    """chat.update answers 429 with Retry-After, chat.postMessage does not."""
    await call(http, "faults", {"platform": "slack", "name": "limit_edits", "value": True})
    posted = await slack.chat_postMessage(channel="C0GENERAL", text="One")
    async with http.post(
        "/slack/api/chat.update",
        json={"channel": "C0GENERAL", "ts": posted["ts"], "text": "Two"},
        headers={"Authorization": f"Bearer {slack.token}"},
    ) as response:
        assert (response.status, (await response.json())["error"]) == (429, "ratelimited")
        assert int(response.headers["Retry-After"]) > 0


async def test_the_model_fails_as_long_as_that_is_chosen(http: ClientSession) -> None:
    """Every request meets the fault, until the choice goes back."""
    asked = {"model": "stand-in", "messages": [{"role": "user", "content": "Hi"}]}
    for chosen, status in (("500", 500), ("500", 500), ("as it comes", 200)):
        await call(http, "faults", {"name": "model", "value": chosen})
        async with http.post("/v1/chat/completions", json=asked, headers={"Authorization": "Bearer any"}) as response:
            assert response.status == status


async def test_an_unknown_fault_is_refused(http: ClientSession) -> None:
    """By name and by choice."""
    await call(http, "faults", {"name": "earthquake"}, 404)
    await call(http, "faults", {"name": "model", "value": "earthquake"}, 400)


async def test_a_bot_is_told_how_to_join(sandbox: Sandbox, http: ClientSession) -> None:
    """The environment names this sandbox alone."""
    async with http.get("/api/environment") as response:
        environ = await response.json()
    assert environ["SLACK_API_URL"] == sandbox.slack_api_url
    assert environ["OPENAI_BASE_URL"] == sandbox.openai_base_url
    client = AsyncWebClient(environ["SLACK_BOT_TOKEN"], base_url=environ["SLACK_API_URL"])
    assert (await client.auth_test())["user_id"] == "U0CONFAB1"


async def test_the_page_says_which_real_model_answers(http: ClientSession, live: ClientWebSocketResponse) -> None:
    """Until it is told of one, the answers are a stand-in's."""
    unknown = {"host": "", "name": "", "where": "", "is_found": False}
    assert (await state(http))["model"] == {"stand_in": True, **unknown}
    await call(http, "model", {"host": "api.example.com"})
    assert (await heard(live, "surroundings"))["model"] == {"stand_in": False, **unknown, "host": "api.example.com"}


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Origin": "http://127.0.0.1:1"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Host": "rebound.example"},
        {"Host": "127.0.0.1.evil.example"},
        {"Host": "["},
    ],
)
@pytest.mark.parametrize(
    "path",
    [
        *("/", "/api/state", "/api/live", "/api/files/slack/F1", "/api/requests", "/nowhere"),
        *("/slack/api/auth.test", "/slack/socket", "/discord/api/v10/gateway", "/discord/gateway", "/v1/models"),
    ],
)
async def test_another_web_page_is_refused(http: ClientSession, path: str, headers: dict[str, str]) -> None:
    """Not by its origin, not by a name that it let point to this machine, and not by a link to it."""
    async with http.get(path, headers=headers) as response:
        assert response.status == 403


async def test_another_web_page_opens_no_socket_and_calls_no_api(sandbox: Sandbox, http: ClientSession) -> None:
    """Neither a bot's socket nor the page's own, nor what a bot calls of both platforms and of the model."""
    rebound = {"Host": "rebound.example:80", "Origin": "http://rebound.example:80"}  # a name may agree with itself
    for headers in ({"Origin": "https://evil.example"}, {"Origin": "null"}, rebound):
        for path in ("/api/live", "/slack/socket", "/discord/gateway"):
            with pytest.raises(WSServerHandshakeError, match="403"):
                await http.ws_connect(path, headers=headers)
        for path in ("/slack/api/chat.postMessage", "/discord/api/v10/channels/1/messages", "/v1/chat/completions"):
            async with http.post(path, json={}, headers=headers) as response:
                assert response.status == 403
    assert sandbox.workspace.posts("C0GENERAL") == []
    assert sandbox.model.requests == []


async def test_another_web_page_can_write_nothing(sandbox: Sandbox, http: ClientSession) -> None:
    """A form or a script elsewhere sends its Origin with every POST."""
    headers = {"Origin": "https://evil.example"}
    for path in ("say", "edit", "delete", "use", "upload", "faults", "model"):
        async with http.post(f"/api/{path}", json={**ADA, "text": "Hi"}, params=ADA, headers=headers) as response:
            assert response.status == 403
    assert sandbox.workspace.posts("C0GENERAL") == []
    assert not sandbox.workspace.files


async def test_the_page_itself_is_let_in(sandbox: Sandbox, http: ClientSession) -> None:
    """Its own requests carry its own origin, by address or by name."""
    port = sandbox.url.rpartition(":")[2]
    for host in (f"127.0.0.1:{port}", f"localhost:{port}", f"[::1]:{port}"):
        headers = {"Host": host, "Origin": f"http://{host}", "Sec-Fetch-Site": "same-origin"}
        async with http.get("/api/state", headers=headers) as response:
            assert response.status == 200


async def test_the_page_may_run_its_own_script_and_no_other(http: ClientSession) -> None:
    """The policy names its own files, allows no inline script or handler, and nothing from elsewhere."""
    async with http.get("/") as response:
        text, policy = await response.text(), response.headers["Content-Security-Policy"]
    names = [path.name for path in (PAGE / "script").iterdir()]
    scripts = {}
    for name in names:
        async with http.get(f"/script/{name}") as response:
            scripts[name], kind = await response.text(), response.headers["Content-Type"]
            assert kind == "text/javascript; charset=utf-8"
    assert (text.count("<script"), text.count("<style"), text.count(" style=")) == (1, 0, 0)
    assert "default-src 'none'; script-src 'self'; style-src 'self'" in policy
    assert "unsafe" not in policy
    assert len(scripts) > 10
    assert not any("innerHTML" in script for script in scripts.values())


def test_a_script_of_the_page_is_read_in_one_sitting() -> None:
    """As the Python around it; what it imports is there, and each import is used."""
    scripts = {path.name: path.read_text() for path in (PAGE / "script").iterdir()}
    assert {name: script.count("\n") for name, script in scripts.items() if script.count("\n") > 300} == {}
    for name, script in scripts.items():
        imported = re.findall(r'^import (?:\{([^}]*)\} from )?"\./(.+)";', script, re.MULTILINE)
        rest = re.sub(r"^import [^;]*;", "", script, flags=re.MULTILINE)
        for names, source in imported:
            for each in filter(None, re.split(r"[\s,]+", names)):
                declared = rf"^export (?:async function|function|const|let) {re.escape(each)}(?!\w)"
                assert re.search(declared, scripts[source], re.MULTILINE), f"{source} exports no {each}"
                assert re.search(rf"(?<!\w){re.escape(each)}(?!\w)", rest), f"{name} does not use {each}"


async def test_a_button_is_seen_and_pressed(sandbox: Sandbox, http: ClientSession, slack: AsyncWebClient) -> None:
    """What the app wrote under it is there; a press that nobody hears, Slack says to the person itself."""
    text = {"type": "plain_text", "text": "No"}
    button = {"type": "button", "action_id": "confab:no", "value": "1", "text": text, "style": "danger"}
    blocks: list[Json] = [{"type": "markdown", "text": "May I?"}, {"type": "actions", "elements": [button]}]
    sent = await slack.chat_postMessage(channel="C0GENERAL", text="May I?", blocks=blocks)
    posts = next(each for each in (await state(http))["platforms"] if each["platform"] == "slack")["posts"]
    shown = next(each for each in posts if each["id"] == sent["ts"])
    assert shown["parts"][1]["buttons"] == [{"id": "confab:no", "label": "No", "style": "bad"}]
    await call(http, "press", {**ADA, "id": sent["ts"], "button": "confab:no"})
    assert "The button failed" in sandbox.workspace.whispers("U0ADA1234")[-1]
    await call(http, "press", {**ADA, "id": sent["ts"], "button": "no such"}, 404)
    await call(http, "press", {**ADA, "id": "1.0", "button": "confab:no"}, 404)
