"""The bot's own pages on a port, over a database in which something was spent, put in and taken in."""

import asyncio
import json
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from zoneinfo import ZoneInfo

from bots import http
from bots.http_settings import HttpSettings
from bots.pages.routes import Pages
from core.messages import ConversationKey
from core.storage.connection import Connection
from core.storage.knowledge import NewSource, insert_source
from core.storage.personas import PersonaRecord, insert_persona
from core.storage.store import Store

KEY = "the pages' own key"
DAY = 86_400
NASTY = "<script>alert(1)</script> & 'so' \"on\""
PERSON, CHANNEL = "U0SECRET1", "C0SECRET1"
PICTURE = b"\x89PNG\r\n\x1a\n and so on"
SPENT = (
    "INSERT INTO spending (id, at, platform, workspace, channel, thread, person, turn_id, purpose, model, host, state, "
    "input, cached, output, nanos, saved_nanos, answers) VALUES (?, ?, 'slack', 'T1', ?, '', ?, ?, ?, ?, 'api', ?, "
    "1000, 250, 50, ?, 1000000, 1)"
)


@asynccontextmanager
async def served_pages(folder: Path, key: str = KEY, reading: asyncio.Lock | None = None) -> AsyncIterator[str]:
    """Serve the pages; give their address."""
    path = folder / "confab.db"
    path.parent.mkdir(exist_ok=True)
    store = Store(path)
    await store.run(fill_in)
    pages = Pages(path, "", key, ZoneInfo("UTC"), learns=True, reading=reading or asyncio.Lock())
    async with http.serve_routes("health on", pages.routes(), "127.0.0.1", 0, HttpSettings()) as port:
        yield f"http://127.0.0.1:{port}"
    await store.close()


def fill_in(connection: Connection) -> None:
    """Let something be there of each kind, with names that want to be markup."""
    now = time.time()
    for number in range(40):
        purpose, model = (("answer", "gpt-4o"), ("embedding", NASTY))[number % 2]
        nanos = None if number == 39 else 2_000_000
        values = (f"s{number}", now - number * DAY / 2, CHANNEL, PERSON, f"t{number}", purpose, model, "done", nanos)
        connection.execute(SPENT, values)
    reserved = ("r", now, CHANNEL, PERSON, "r", "answer", "gpt-4o", "reserved", 10**12)
    connection.execute(SPENT, reserved)
    key = ConversationKey("slack", "T1", CHANNEL, "")
    for state in ("indexed", "waiting", "failed"):
        insert_source(connection, NewSource(key, f"{state}.1", state, "file", f"{NASTY} {state}", PERSON, now, "{}"))
        connection.execute("UPDATE sources SET state = ?, detail = ? WHERE file_id = ?", (state, NASTY, state))
    for number in range(2):
        insert_source(connection, NewSource(key, "", f"said {number}", "chat", "conversation", "", now, ""))
    for name, about, picture in ((NASTY, NASTY, b""), ("Captain Brine", "A pirate who reviews code", PICTURE)):
        card = {"spec": "chara_card_v3", "spec_version": "3.0", "data": {"name": name, "description": about}}
        record = PersonaRecord(name, "us", "fun", about, json.dumps(card), picture, "image/png" if picture else "")
        insert_persona(connection, record)
