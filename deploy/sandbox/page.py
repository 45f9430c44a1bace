"""The page: a small chat workspace in a browser, its JSON calls and its live websocket.

GET  /                        the page itself
GET  /api/state               everything: people, channels, posts, faults
GET  /api/live                a websocket: first that same state, then each change
POST /api/say                 {platform, channel, user, text, thread_ts?, files?, broadcast?} -> {ts}
POST /api/edit, /api/delete   {platform, channel, ts, user, text?} -> {}
POST /api/upload              ?platform, user, name, voice_seconds?; the body is the file -> {id}
GET  /api/files/{platform}/{id}
GET  /api/requests            what reached the stand-in model
POST /api/faults              {name, value} -> {}
GET  /api/environment         what a bot needs in its environment to join
POST /api/model               {host}: the bot was given a real model there

Text is on the wire as on the platform's own: `<@U0CONFAB>` for a mention, `&lt;` for a `<`.
"""

import asyncio
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from aiohttp import web

from deploy.sandbox import page_view as view
from deploy.sandbox.model import Model
from deploy.sandbox.page_faults import faults
from deploy.sandbox.page_guard import guarded, policy, refusal
from deploy.sandbox.page_view import Json
from deploy.sandbox.slack.changes import Change
from deploy.sandbox.slack.posts import Post
from deploy.sandbox.slack.workspace import Workspace

PAGE = Path(__file__).with_name("page.html")
LOOK_EVERY = 0.5  # seconds; for what makes no Change: sockets, faults, requests
SHOWN_IN_PLACE = ("image/png", "image/jpeg", "image/gif", "image/webp", "image/avif", "audio/", "video/")


class Page:
    """What the page does with a workspace and a model."""

    def __init__(self, workspace: Workspace, model: Model) -> None:
        self._workspace = workspace
        self._model = model
        self._faults = faults(workspace, model)
        self._model_host = ""
        self._html = PAGE.read_text("utf-8")
        self._headers = {"Content-Security-Policy": policy(self._html), "Cache-Control": "no-store"}

    async def show(self, _: web.Request) -> web.Response:
        """Send the page, which may run its own script and no other."""
        return web.Response(text=self._html, content_type="text/html", headers=self._headers)

    async def state(self, _: web.Request) -> web.Response:
        """Send everything."""
        return web.json_response(self._state())

    async def live(self, request: web.Request) -> web.StreamResponse:
        """Send everything, and then each change until the page goes."""
        socket = web.WebSocketResponse(heartbeat=20.0)
        await socket.prepare(request)
        with self._workspace.subscribe() as changes:
            await socket.send_json(self._state())
            sending = asyncio.create_task(self._tell(socket, changes))
            async for _ in socket:
                pass  # a page says nothing here; the loop ends when it goes
            sending.cancel()
            await asyncio.gather(sending, return_exceptions=True)
        return socket

    async def say(self, request: web.Request) -> web.Response:
        """Write a message as a person."""
        asked = await body(request)
        channel, user = self._channel(asked), self._person(asked)
        thread = asked.get("thread_ts") or None
        if thread and thread not in self._workspace.channels[channel].posts:
            raise refusal(404, "There is no such thread.")
        files = [str(file) for file in asked.get("files") or ()]
        if not all(file in self._workspace.files for file in files):
            raise refusal(404, "There is no such file.")
        text = str(asked.get("text", ""))
        if not text and not files:
            raise refusal(400, "There is nothing to send.")
        broadcast = bool(thread and asked.get("broadcast"))
        return web.json_response({"ts": await self._workspace.say(channel, text, user, thread, files, broadcast)})

    async def edit(self, request: web.Request) -> web.Response:
        """Change a message of one's own."""
        asked = await body(request)
        post = self._own_post(asked)
        await self._workspace.edit(post.channel, post.ts, str(asked.get("text", "")))
        return web.json_response({})

    async def delete(self, request: web.Request) -> web.Response:
        """Delete a message of one's own."""
        post = self._own_post(await body(request))
        await self._workspace.delete(post.channel, post.ts)
        return web.json_response({})

    async def upload(self, request: web.Request) -> web.Response:
        """Keep a file for a message to come; with `voice_seconds` it is a recording."""
        user, seconds = self._person(request.query), request.query.get("voice_seconds")
        name = Path(request.query.get("name") or "file").name
        length = None if seconds is None else round(number(seconds) * 1000)
        content, kind = await request.read(), request.content_type
        return web.json_response({"id": await self._workspace.upload(name, content, kind, user, length)})

    async def file(self, request: web.Request) -> web.Response:
        """Send a file: pictures and sound to be shown, anything else to be saved."""
        found = self._workspace.files.get(request.match_info["id"])
        if found is None:
            raise refusal(404, "There is no such file.")
        shown = found.media_type.startswith(SHOWN_IN_PLACE)
        kind = found.media_type if shown else "application/octet-stream"
        headers = {
            "Content-Disposition": "inline" if shown else "attachment",
            "X-Content-Type-Options": "nosniff",
            "Content-Security-Policy": "sandbox",
        }
        return web.Response(body=found.content, content_type=kind, headers=headers)

    async def requests(self, _: web.Request) -> web.Response:
        """Send the last requests of the stand-in, the newest first."""
        return web.json_response({"requests": view.requests(self._model)})

    async def set_fault(self, request: web.Request) -> web.Response:
        """Let something go wrong, or work again."""
        asked = await body(request)
        fault = self._faults.get(str(asked.get("name")))
        if fault is None:
            raise refusal(404, "There is no such fault.")
        try:
            await fault.set(asked.get("value", True))
        except ValueError as error:
            raise refusal(400, str(error)) from None
        return web.json_response({})

    async def environment(self, _: web.Request) -> web.Response:
        """Send the variables with which a bot joins this workspace and talks to the stand-in."""
        url = self._workspace.url
        slack = {"SLACK_BOT_TOKEN": self._workspace.bot_token, "SLACK_APP_TOKEN": self._workspace.app_token}
        model = {"OPENAI_BASE_URL": f"{url}/v1", "OPENAI_API_KEY": "stand-in", "OPENAI_MODEL": "stand-in"}
        return web.json_response({"SLACK_API_URL": f"{url}/slack/api/", **slack, **model})

    async def set_model(self, request: web.Request) -> web.Response:
        """Note the host of the real model that the bot was given, for the page to say."""
        self._model_host = str((await body(request)).get("host", ""))
        return web.json_response({})

    def _state(self) -> Json:
        return {"kind": "state", **self._surroundings(), "platforms": [view.platform(self._workspace)]}

    def _surroundings(self) -> Json:
        return {
            "model": {"stand_in": not self._model_host, "host": self._model_host},
            "online": {view.PLATFORM: self._workspace.connected > 0},
            "faults": [view.fault(fault) for fault in self._faults.values()],
            "requests": [len(self._model.requests), sum(one.done_at is None for one in self._model.requests)],
        }

    async def _tell(self, socket: web.WebSocketResponse, changes: asyncio.Queue[Change]) -> None:
        told = self._surroundings()
        while True:
            try:
                async with asyncio.timeout(LOOK_EVERY):
                    change = view.change(self._workspace, await changes.get())
            except TimeoutError:
                change = None
            if change:
                await socket.send_json(change)
            if (now := self._surroundings()) != told:
                told = now
                await socket.send_json({"kind": "surroundings", **now})

    def _channel(self, asked: Json) -> str:
        if asked.get("platform") != view.PLATFORM or asked.get("channel") not in self._workspace.channels:
            raise refusal(404, "There is no such channel.")
        return str(asked["channel"])

    def _person(self, asked: Mapping[str, Any]) -> str:
        user = self._workspace.users.get(str(asked.get("user")))
        if user is None or user.is_bot:
            raise refusal(403, "There is no such person.")
        return user.id

    def _own_post(self, asked: Json) -> Post:
        post = self._workspace.channels[self._channel(asked)].posts.get(str(asked.get("ts")))
        if post is None or post.user != self._person(asked):
            raise refusal(403, "Only one's own messages can be changed.")
        return post


def routes(workspace: Workspace, model: Model) -> list[web.AbstractRouteDef]:
    """Return the routes of the page; none of them serves another web page."""
    page = Page(workspace, model)
    return [
        web.get("/", guarded(page.show)),
        web.get("/api/state", guarded(page.state)),
        web.get("/api/live", guarded(page.live)),
        web.post("/api/say", guarded(page.say)),
        web.post("/api/edit", guarded(page.edit)),
        web.post("/api/delete", guarded(page.delete)),
        web.post("/api/upload", guarded(page.upload)),
        web.get("/api/files/slack/{id}", guarded(page.file)),
        web.get("/api/requests", guarded(page.requests)),
        web.post("/api/faults", guarded(page.set_fault)),
        web.get("/api/environment", guarded(page.environment)),
        web.post("/api/model", guarded(page.set_model)),
    ]


async def body(request: web.Request) -> Json:
    """Return the call's JSON object, or refuse."""
    try:
        asked = await request.json()
    except ValueError:
        asked = None
    if not isinstance(asked, dict):
        raise refusal(400, "The body is not a JSON object.")
    return asked


def number(text: str) -> float:
    """Return a length in seconds, or refuse."""
    try:
        return max(0.0, float(text))
    except ValueError:
        raise refusal(400, "voice_seconds is not a number.") from None
