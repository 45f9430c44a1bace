"""The page: a small chat in a browser, its JSON calls and its live websocket.

GET  /, /page.css, /script/…   the page itself
GET  /api/state               everything: of each platform people, channels, threads and posts; the faults
GET  /api/live                a websocket: first that same state, then each change
POST /api/say                 {platform, channel, thread?, user, text, reply_to?, files?, broadcast?} -> {id}
POST /api/edit, /api/delete   {platform, channel, thread?, id, user, text?} -> {}
POST /api/use                 {platform, channel, thread?, user, name, text?, target?}: a command, or a message's menu
POST /api/suggest             {platform, channel, thread?, user, name, text}: what an option may be -> {choices}
POST /api/press               {platform, channel, thread?, user, id, button, value?}: a button under a message, or what
                              was chosen of a menu there -> {}
POST /api/upload              ?platform, user, name, voice_seconds?, waveform?; the body is the file -> {id}
GET  /api/files/{platform}/{id}
GET  /api/requests            what reached the stand-in model, and its moderation
POST /api/faults              {platform?, name, value} -> {}
GET  /api/environment         what a bot needs in its environment to join
GET, POST /api/small-model…   the offer of a small real model: see small_model.py
POST /api/home…, /api/modal…  the views of Slack: see slack_modals.py
POST /api/bot                 {pages, key, moderation}: where the bot's own pages are, and "on" or "off"
POST /api/model               {host, name, where, is_found}: the bot was given a real model there

Text is on the wire as on the platform's own: `<@U0CONFAB1>` for a mention, and on Slack `&lt;` for a `<`.
"""

import asyncio
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from aiohttp import web

from deploy.sandbox.openai.model import Model
from deploy.sandbox.page import view
from deploy.sandbox.page.faults import PageFault, model_faults
from deploy.sandbox.page.place import Enclosure, Json, Place, Pressed, Said, Spot, Used
from deploy.sandbox.page.small_model import SmallModelOffer
from deploy.sandbox.wire.guard import POLICY, body_of, refusal

FOLDER = Path(__file__).parent
KINDS = {".html": "text/html", ".css": "text/css", ".js": "text/javascript"}
LOOK_EVERY = 0.5  # seconds
SHOWN_IN_PLACE = ("image/png", "image/jpeg", "image/gif", "image/webp", "image/avif", "audio/", "video/")


class Page:
    """What the page does with the places where people talk, and with a model."""

    def __init__(self, places: Sequence[Place[Any]], model: Model) -> None:
        self._places = {place.platform: place for place in places}
        self._model = model
        faults = [("", fault) for fault in model_faults(model)]
        faults = [(place.platform, fault) for place in places for fault in place.faults] + faults
        self._faults: dict[tuple[str, str], PageFault] = {(name, fault.label.name): fault for name, fault in faults}
        self._answering: Json = {"host": "", "name": "", "where": "", "is_found": False}
        self._bot: Json = {"pages": "", "key": "", "moderation": ""}
        self.small_model = SmallModelOffer()
        files = [path for kind in KINDS for path in FOLDER.rglob(f"*{kind}")]
        self._files = {path.relative_to(FOLDER).as_posix(): path.read_text("utf-8") for path in files}

    async def show(self, request: web.Request) -> web.Response:
        """Send a file of the page, which may run its own scripts and no other."""
        name = request.path.lstrip("/") or "page.html"
        if name not in self._files:
            raise refusal(404, "There is no such file.")
        headers = {"Content-Security-Policy": POLICY, "Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}
        kind = KINDS[Path(name).suffix]
        return web.Response(text=self._files[name], content_type=kind, charset="utf-8", headers=headers)

    async def state(self, _: web.Request) -> web.Response:
        """Send everything."""
        return web.json_response(self._state())

    async def live(self, request: web.Request) -> web.StreamResponse:
        """Send everything, and then each change until the page goes."""
        socket = web.WebSocketResponse(heartbeat=20.0)
        await socket.prepare(request)
        with ExitStack() as stack:
            heard = [(place, stack.enter_context(place.subscribe())) for place in self._places.values()]
            state = self._state()
            await socket.send_json(state)
            sending = [asyncio.create_task(self._tell(socket, place, changes)) for place, changes in heard]
            sending.append(asyncio.create_task(self._look_around(socket, state)))
            async for _ in socket:
                pass  # a page says nothing here; the loop ends when it goes
            for task in sending:
                task.cancel()
            await asyncio.gather(*sending, return_exceptions=True)
        return socket

    async def say(self, request: web.Request) -> web.Response:
        """Write a message as a person."""
        asked = await body_of(request)
        place = self._place(asked)
        files = [str(file) for file in asked.get("files") or ()]
        text, reply_to = str(asked.get("text") or ""), str(asked.get("reply_to") or "")
        said = Said(person(place, asked), text, files, reply_to, bool(asked.get("broadcast")))
        if not said.text and not said.files:
            raise refusal(400, "There is nothing to send.")
        return web.json_response({"id": await place.say(spot(asked), said)})

    async def edit(self, request: web.Request) -> web.Response:
        """Change a message of one's own."""
        asked = await body_of(request)
        place, post = self._own_post(asked)
        await place.edit(spot(asked), post, str(asked.get("text", "")))
        return web.json_response({})

    async def delete(self, request: web.Request) -> web.Response:
        """Delete a message of one's own."""
        asked = await body_of(request)
        place, post = self._own_post(asked)
        await place.delete(spot(asked), post)
        return web.json_response({})

    async def use(self, request: web.Request) -> web.Response:
        """Use a command of the bot's."""
        asked = await body_of(request)
        place = self._place(asked)
        name, text, target = (str(asked.get(each) or "") for each in ("name", "text", "target"))
        await place.use(spot(asked), Used(person(place, asked), name, text, target))
        return web.json_response({})

    async def suggest(self, request: web.Request) -> web.Response:
        """Ask the bot what the option of a command may be, of which the text is typed."""
        asked = await body_of(request)
        place = self._place(asked)
        name, text = str(asked.get("name") or ""), str(asked.get("text") or "")
        return web.json_response({"choices": await place.suggest(spot(asked), Used(person(place, asked), name, text))})

    async def press(self, request: web.Request) -> web.Response:
        """Press a button under a message, or choose in a menu there."""
        asked = await body_of(request)
        place = self._place(asked)
        post, button, value = (str(asked.get(each) or "") for each in ("id", "button", "value"))
        await place.press(spot(asked), Pressed(person(place, asked), post, button, value))
        return web.json_response({})

    async def upload(self, request: web.Request) -> web.Response:
        """Keep a file for a message to come; with `voice_seconds` it is a recording."""
        query = request.query
        place, seconds = self._place(query), query.get("voice_seconds")
        file = Enclosure(
            name=Path(query.get("name") or "file").name,
            user=person(place, query),
            seconds=None if seconds is None else number(seconds),
            waveform=query.get("waveform", ""),
            content=await request.read(),
            media_type=request.content_type,
        )
        return web.json_response({"id": await place.upload(file)})

    async def file(self, request: web.Request) -> web.Response:
        """Send a file: pictures and sound to be shown, anything else to be saved."""
        found = self._place(request.match_info).file(request.match_info["id"])
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
        return web.json_response({"requests": view.requests(self._model), "checks": view.checks(self._model)})

    async def set_fault(self, request: web.Request) -> web.Response:
        """Let something go wrong, or work again."""
        asked = await body_of(request)
        fault = self._faults.get((str(asked.get("platform") or ""), str(asked.get("name"))))
        if fault is None:
            raise refusal(404, "There is no such fault.")
        try:
            await fault.set(asked.get("value", True))
        except ValueError as error:
            raise refusal(400, str(error)) from None
        return web.json_response({})

    async def environment(self, request: web.Request) -> web.Response:
        """Send the variables with which a bot joins every place and talks to the stand-in."""
        model = {"OPENAI_API_KEY": "stand-in", "OPENAI_MODEL": "stand-in"}
        joining = {name: value for place in self._places.values() for name, value in place.environment.items()}
        return web.json_response({**joining, "OPENAI_BASE_URL": f"{request.url.origin()}/v1", **model})

    async def set_model(self, request: web.Request) -> web.Response:
        """Note the real model that the bot was given, for the page to say."""
        asked = await body_of(request)
        self._answering = {name: type(usual)(asked.get(name, usual)) for name, usual in self._answering.items()}
        return web.json_response({})

    async def set_bot(self, request: web.Request) -> web.Response:
        """Note where the bot's own pages are, and whether anybody moderates, for the page to show."""
        asked = await body_of(request)
        self._bot = {name: str(asked.get(name, usual)) for name, usual in self._bot.items()}
        return web.json_response({})

    def _state(self) -> Json:
        platforms = [place.state() for place in self._places.values()]
        return {"kind": "state", **self._surroundings(), "platforms": platforms}

    def _surroundings(self) -> Json:
        checked = self._model.moderation.checked
        return {
            "model": {"stand_in": not self._answering["host"], **self._answering},
            "bot": self._bot,
            "small_model": self.small_model.as_json(),
            "hears": self._model.sounds.can_listen,
            "online": {name: place.online for name, place in self._places.items()},
            "commands": {name: place.commands() for name, place in self._places.items()},
            "faults": [view.fault(platform, fault) for (platform, _), fault in self._faults.items()],
            "requests": [len(self._model.requests), sum(one.done_at is None for one in self._model.requests)],
            "checks": [len(checked), sum(one.done_at is None for one in checked)],
        }

    async def _tell(self, socket: web.WebSocketResponse, place: Place[Any], changes: asyncio.Queue[Any]) -> None:
        while True:
            if change := place.change(await changes.get()):
                await socket.send_json(change)

    async def _look_around(self, socket: web.WebSocketResponse, state: Json) -> None:
        """Tell what makes no change of a place: sockets, commands, faults, requests."""
        told = {name: state[name] for name in self._surroundings()}
        while True:
            await asyncio.sleep(LOOK_EVERY)
            if (now := self._surroundings()) != told:
                told = now
                await socket.send_json({"kind": "surroundings", **now})

    def _place(self, asked: Mapping[str, Any]) -> Place[Any]:
        place = self._places.get(str(asked.get("platform")))
        if place is None:
            raise refusal(404, "There is no such platform.")
        return place

    def _own_post(self, asked: Json) -> tuple[Place[Any], str]:
        place, post = self._place(asked), str(asked.get("id"))
        if place.author(spot(asked), post) != person(place, asked):
            raise refusal(403, "Only one's own messages can be changed.")
        return place, post


def routes(places: Sequence[Place[Any]], model: Model) -> list[web.AbstractRouteDef]:
    """Return the routes of the page; none of them serves another web page."""
    page = Page(places, model)
    return [
        *(web.get(path, page.show) for path in ("/", "/page.css", "/script/{name}")),
        web.get("/api/state", page.state),
        web.get("/api/live", page.live),
        web.post("/api/say", page.say),
        web.post("/api/edit", page.edit),
        web.post("/api/delete", page.delete),
        web.post("/api/use", page.use),
        web.post("/api/suggest", page.suggest),
        web.post("/api/press", page.press),
        web.post("/api/upload", page.upload),
        web.get("/api/files/{platform}/{id}", page.file),
        web.get("/api/requests", page.requests),
        web.post("/api/faults", page.set_fault),
        web.get("/api/environment", page.environment),
        web.post("/api/model", page.set_model),
        web.post("/api/bot", page.set_bot),
        *page.small_model.routes(),
    ]


def spot(asked: Json) -> Spot:
    """Return where a call is to be done."""
    return Spot(str(asked.get("channel")), str(asked.get("thread") or ""))


def person(place: Place[Any], asked: Mapping[str, Any]) -> str:
    """Return whom a call speaks for, or refuse."""
    user = str(asked.get("user"))
    if user not in place.people:
        raise refusal(403, "There is no such person.")
    return user


def number(text: str) -> float:
    """Return a length in seconds, or refuse."""
    try:
        return max(0.0, float(text))
    except ValueError:
        raise refusal(400, "voice_seconds is not a number.") from None
