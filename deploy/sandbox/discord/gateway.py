"""The gateway: who is connected, and what each session hears (Discord docs, Gateway)."""

import asyncio
import time
import uuid
from collections.abc import Callable
from typing import Any

from deploy.sandbox.discord import payloads
from deploy.sandbox.discord.connections import Closed, Connection
from deploy.sandbox.discord.faults import Faults
from deploy.sandbox.discord.intents import EVERY_BIT, LIMITED_MESSAGE_CONTENT, PRIVILEGED, Intent, blanked, needed
from deploy.sandbox.discord.roster import APP, BOT_USER, GUILD, Roster
from deploy.sandbox.discord.sessions import Session

MOST_IDENTIFIES = 1000  # in a day. Discord docs, Gateway, Identifying
GOODBYES = (1000, 1001)  # close codes of the bot that end its session
ROUND_TRIP = 0.02  # seconds


class Gateway:
    """The sessions of one application. `shards` is how many Discord recommends; times are in seconds."""

    def __init__(self, roster: Roster, faults: Faults, token: str, changed: Callable[[], None]) -> None:
        self.heartbeat_interval = 41.25
        self.identify_interval = 5.0
        self.session_life = 180.0
        self.identifies_left = MOST_IDENTIFIES
        self.shards = 1
        self.flags = LIMITED_MESSAGE_CONTENT
        self.sessions: dict[str, Session] = {}
        self.connections: dict[Connection, Session | None] = {}
        self.resumed = 0
        self.member_requests = 0
        self._roster = roster
        self._faults = faults
        self._token = token
        self._changed = changed
        self._identified = float("-inf")

    @property
    def connected(self) -> int:
        """How many sessions have a connection."""
        return sum(session is not None for session in self.connections.values())

    def dispatch(self, event: str, data: dict[str, Any], *, direct: bool = False) -> None:
        """Send an event to every session that asked for it; `direct` is one of no guild."""
        intent = needed(event, direct=direct)
        is_message = event in ("MESSAGE_CREATE", "MESSAGE_UPDATE")
        for session in self.sessions.values():
            if intent & session.intents != intent or session.shard != self._shard(session, direct=direct):
                continue
            whole = direct or not is_message or Intent.MESSAGE_CONTENT in session.intents
            shown = data if whole else blanked(data, BOT_USER)
            for _ in range(max(1, self._faults.deliveries)):
                session.send(event, shown, silent=self._faults.silent_sockets)

    def drop(self, *, resumable: bool = True, code: int | None = None) -> None:
        """Lose every connection, without a word or with a close code; unless `resumable`, the sessions too."""
        if not resumable:
            self.sessions.clear()
        for connection in list(self.connections):
            if code is None:
                connection.abort()
            else:
                connection.close(code)

    def tell_reconnect(self) -> None:
        """Send every connection the order to reconnect and resume (opcode 7)."""
        for connection in self.connections:
            connection.tell(7)

    def invalidate(self, *, resumable: bool = False) -> None:
        """Tell every connection that its session is invalid (opcode 9); unless `resumable`, forget it."""
        for connection in self.connections:
            connection.tell(9, resumable)
        if not resumable:
            self.sessions.clear()

    def join(self, connection: Connection) -> None:
        """Begin with a connection: tell it how often to beat."""
        self.connections[connection] = None
        connection.tell(10, {"heartbeat_interval": round(self.heartbeat_interval * 1000)})

    def leave(self, connection: Connection, code: int | None) -> None:
        """Forget a connection; `code` is the one that it closed with, which may end its session."""
        session = self.connections.pop(connection, None)
        if session is not None and session.connection is connection:
            session.connection, session.left_at = None, time.monotonic()
            if code in GOODBYES and not connection.closing:
                self.sessions.pop(session.id, None)
        self._changed()

    def beat(self, connection: Connection) -> None:
        """Acknowledge a heartbeat after a moment, as over a network: discord.py notes that it beat once it has sent."""
        connection.heartbeats += 1
        asyncio.get_running_loop().call_later(ROUND_TRIP, self._acknowledge, connection)
        self._changed()

    def _acknowledge(self, connection: Connection) -> None:
        if connection in self.connections and not self._faults.silent_sockets:
            connection.tell(11)

    def session_of(self, connection: Connection) -> Session:
        """Return the session of a connection. Raises Closed where it has not identified."""
        session = self.connections[connection]
        if session is None:
            raise Closed(4003)
        return session

    def identify(self, connection: Connection, data: dict[str, Any]) -> None:
        """Begin a session. Raises Closed for a wrong token, intents or shard; too early, it is told to try again."""
        if self.connections[connection] is not None:
            raise Closed(4005)
        if data.get("token") != self._token:
            raise Closed(4004)
        intents, (shard, shards) = self._intents(data), data.get("shard") or (0, 1)
        if not 0 <= shard < shards:
            raise Closed(4010)
        if not self._admits():
            connection.tell(9, False)
            return
        self._forget()
        session = Session(uuid.uuid4().hex, intents, shard, shards, connection)
        self.sessions[session.id] = self.connections[connection] = session
        self._welcome(session)
        self._changed()

    def _intents(self, data: dict[str, Any]) -> Intent:
        asked = data.get("intents")
        if not isinstance(asked, int) or not 0 <= asked <= EVERY_BIT:
            raise Closed(4013)
        if any(intent & asked and not self.flags & flag for intent, flag in PRIVILEGED.items()):
            raise Closed(4014)
        return Intent(asked)

    def _admits(self) -> bool:
        """Say whether this identify came late enough after the last one, and is within the day's number."""
        now = time.monotonic()
        early = now - self._identified < self.identify_interval
        if early or self.identifies_left < 1:
            return False
        self._identified = now
        self.identifies_left -= 1
        return True

    def _welcome(self, session: Session) -> None:
        has_guild = session.shard == self._shard(session, direct=False)
        ready = {
            "v": 10,
            "user": {
                **payloads.user(self._roster.users[BOT_USER]),
                "verified": True,
                "mfa_enabled": True,
                "email": None,
            },
            "guilds": [{"id": GUILD, "unavailable": True}] if has_guild else [],
            "private_channels": [],
            "session_id": session.id,
            "resume_gateway_url": self.url,
            "shard": [session.shard, session.shards],
            "application": {"id": APP, "flags": self.flags},
        }
        session.send("READY", ready)
        if has_guild and Intent.GUILDS in session.intents:
            with_members = Intent.GUILD_PRESENCES in session.intents
            session.send("GUILD_CREATE", payloads.guild(self._roster, with_members=with_members))

    @property
    def url(self) -> str:
        """The address of the gateway, as /gateway and READY give it."""
        return self._roster.url.replace("http", "ws", 1) + "/discord/gateway"

    def resume(self, connection: Connection, data: dict[str, Any]) -> None:
        """Take a session up where it was left: first what it missed, in order, then RESUMED."""
        if data.get("token") != self._token:
            raise Closed(4004)
        self._forget()
        session, sequence = self.sessions.get(str(data.get("session_id"))), int(data.get("seq") or 0)
        if session is not None and sequence > session.sequence:
            raise Closed(4007)
        if session is None or not session.holds(sequence):
            connection.tell(9, False)
            return
        if session.connection is not None:
            session.connection.abort()
        session.connection = connection
        self.connections[connection] = session
        for text in session.after(sequence):
            connection.send(text)
        session.send("RESUMED", {})
        self.resumed += 1
        self._changed()

    def _forget(self) -> None:
        """Forget the sessions whose connection has been gone too long; how long Discord waits is not published."""
        oldest = time.monotonic() - self.session_life
        for session in list(self.sessions.values()):
            if session.connection is None and session.left_at < oldest:
                del self.sessions[session.id]

    def _shard(self, session: Session, *, direct: bool) -> int:
        return 0 if direct else (int(GUILD) >> 22) % session.shards

    def send_members(self, session: Session, data: dict[str, Any]) -> None:
        """Answer a request for members with one chunk (Discord docs, Request Guild Members)."""
        named = [str(each) for each in data.get("user_ids") or ()]
        everybody = not named and not data.get("query") and data.get("limit") == 0
        self.member_requests += 1
        if self._faults.untold_members or (everybody and Intent.GUILD_MEMBERS not in session.intents):
            return
        begin = str(data.get("query") or "").lower()
        people = [
            person
            for person in self._roster.users.values()
            if (person.id in named if named else person.name.startswith(begin))
        ]
        chunk = {
            "guild_id": GUILD,
            "members": [payloads.whole_member(person) for person in people],
            "chunk_index": 0,
            "chunk_count": 1,
            "not_found": [each for each in named if each not in self._roster.users],
        }
        session.send("GUILD_MEMBERS_CHUNK", chunk | ({"nonce": data["nonce"]} if data.get("nonce") else {}))
