"""The small real model that the page offers in one click: who started the sandbox brings it, and says how that goes."""

import asyncio
from dataclasses import dataclass, field

from aiohttp import web

from deploy.sandbox.page.place import Json
from deploy.sandbox.wire.guard import refusal

STATES = ("", "offered", "wanted", "failed", "here")
MOST_TOLD = 300  # characters


@dataclass(slots=True)
class SmallModelOffer:
    """Where the offer stands: not made, made, accepted, failed, or fulfilled; `told` is what a person reads of it."""

    state: str = ""
    told: str = ""
    _wanted: asyncio.Event = field(default_factory=asyncio.Event)

    def as_json(self) -> Json:
        """Return what the page is told."""
        return {"state": self.state, "told": self.told}

    async def set_state(self, request: web.Request) -> web.Response:
        """Take from who started the sandbox how it stands."""
        asked = await request.json()
        if asked.get("state") not in STATES:
            raise refusal(400, "There is no such state.")
        self.state, self.told = asked["state"], str(asked.get("told", ""))[:MOST_TOLD]
        return web.json_response({})

    async def want(self, _: web.Request) -> web.Response:
        """Accept the offer, as a person does on the page; once is enough."""
        if self.state not in {"offered", "failed"}:
            raise refusal(400, "That is not offered here.")
        self.state, self.told = "wanted", "It is being fetched."
        self._wanted.set()
        return web.json_response({})

    async def wait_until_wanted(self, _: web.Request) -> web.Response:
        """Answer once a person has accepted."""
        await self._wanted.wait()
        self._wanted.clear()
        return web.json_response({})

    def routes(self) -> list[web.AbstractRouteDef]:
        """Return the calls: the page's one, and those of who started the sandbox."""
        return [
            web.post("/api/small-model", self.set_state),
            web.post("/api/small-model/want", self.want),
            web.get("/api/small-model/wanted", self.wait_until_wanted),
        ]
