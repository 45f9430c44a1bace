"""Which page is told to whom: sums to whoever reaches the port, what names people or their files to who has the key."""

import asyncio
import hmac
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar
from zoneinfo import ZoneInfo

from aiohttp import web

from bots.pages.frame import HEADERS, html_response, style_response
from bots.pages.personas import draw_gallery, read_gallery
from bots.pages.sources import draw_sources
from bots.pages.usage import MEASURES, SPANS, draw_usage, read_spent
from bots.settings import Settings
from core.storage.connection import Connection
from core.storage.knowledge import list_sources
from core.storage.personas import select_picture

T = TypeVar("T")
USUAL_SPAN = "30"
LONGEST_WORDS = 100  # characters of a search
PICTURES = frozenset({"image/png", "image/jpeg", "image/webp", "image/gif", "image/avif"})
CLOSED = "Add <code>?key=…</code> to the address, with the value of CONFAB_PAGES_KEY: this is shown to who gives it."
UNSET = "This is shown to who gives a key, and none is set: CONFAB_PAGES_KEY sets it."


@dataclass(frozen=True, slots=True)
class Pages:
    """What the pages are read from: the bot's file and its key, which every read opens anew, beside what is written.

    `key` is what who asks has to give; empty: nobody can. `zone` is where days begin, `learns` whether files are read.
    """

    database: Path
    encryption: str
    key: str
    zone: ZoneInfo
    learns: bool
    # One read at a time, as whoever reaches the port may ask: so they take one thread and one processor from the bot.
    reading: asyncio.Lock = field(default_factory=asyncio.Lock)

    @classmethod
    def of_settings(cls, settings: Settings, encryption: str) -> "Pages":
        """Return the pages of a bot with these settings, whose file has this key, empty for none."""
        conversations = settings.conversations
        learns = any(each.knowledge != "off" for each in conversations.list_policies())
        return cls(
            settings.storage.path, encryption, settings.http.pages_key, ZoneInfo(conversations.time_zone), learns
        )

    async def show_usage(self, request: web.Request) -> web.Response:
        """Show what was spent; to who has no key, without channels and people."""
        span, measure = request.query.get("days", ""), request.query.get("show", "")
        span, measure = span if span in SPANS else USUAL_SPAN, measure if measure in MEASURES else ""
        is_open, key = not self._has_key(request), self._given_key(request)
        spent = await self._read(lambda db: read_spent(db, SPANS[span], self.zone, is_open=is_open))
        return html_response("Usage", "/usage", key, draw_usage(spent, span, measure, key))

    async def show_sources(self, request: web.Request) -> web.Response:
        """Show what can be looked up."""
        if not self._has_key(request):
            return self._refuse("Files", "/sources")
        found = await self._read(list_sources)
        return html_response("Files", "/sources", self.key, draw_sources(found, is_on=self.learns))

    async def show_personas(self, request: web.Request) -> web.Response:
        """Show who the bot can be, or who of them has the words that are searched for."""
        if not self._has_key(request):
            return self._refuse("Personas", "/personas")
        words = request.query.get("words", "")[:LONGEST_WORDS]
        gallery = await self._read(lambda db: read_gallery(db, words))
        return html_response("Personas", "/personas", self.key, draw_gallery(gallery, self.key))

    async def send_picture(self, request: web.Request) -> web.Response:
        """Send a persona's picture."""
        digest = request.query.get("hash", "")
        found = await self._read(lambda db: select_picture(db, digest)) if self._has_key(request) else None
        if found is None or found[0] not in PICTURES:
            raise web.HTTPNotFound
        return web.Response(body=found[1], content_type=found[0], headers=HEADERS)

    async def send_style(self, _: web.Request) -> web.Response:
        """Send the looks of all pages."""
        return style_response()

    def routes(self) -> list[web.RouteDef]:
        """Return the routes of all pages."""
        return [
            web.get("/usage", self.show_usage),
            web.get("/sources", self.show_sources),
            web.get("/personas", self.show_personas),
            web.get("/personas/picture", self.send_picture),
            web.get("/pages.css", self.send_style),
        ]

    def _has_key(self, request: web.Request) -> bool:
        given = request.query.get("key", "").encode("utf-8", "replace")
        return bool(self.key) and hmac.compare_digest(given, self.key.encode())

    def _given_key(self, request: web.Request) -> str:
        return self.key if self._has_key(request) else ""

    def _refuse(self, title: str, path: str) -> web.Response:
        why = CLOSED if self.key else UNSET
        return html_response(title, path, "", [f'<div class="empty"><h2>Not for everybody</h2><p>{why}</p></div>'], 403)

    async def _read(self, work: Callable[[Connection], T]) -> T:
        async with self.reading:
            return await asyncio.to_thread(self._read_now, work)

    def _read_now(self, work: Callable[[Connection], T]) -> T:
        with closing(Connection(self.database, self.encryption, read_only=True)) as connection:
            return work(connection)
