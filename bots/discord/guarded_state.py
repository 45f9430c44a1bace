"""What discord.py knows of Discord, kept going where it cannot parse what Discord sends.

A parser of discord.py that raises ends its shard, the client, and with it the process (`Shard.worker`,
`AutoShardedClient.connect`); no hook of its public interface stands between, `on_error` is for handlers alone. So the
state is a subclass, made in `Client._get_state`, where discord.py's own sharded client makes its state too. Only
methods are overridden that discord.py calls by these names.
"""

from collections import deque
from collections.abc import Callable
from functools import partial
from typing import Any

import discord
import structlog
from discord.state import AutoShardedConnectionState

from bots.discord.mending import MADE_UP, USER, Unreadable, mend, show_forwarded_polls

log = structlog.get_logger()

HIDDEN = 1 << 17  # a channel's flag CHANNEL_OBFUSCATED: the bot may not see it, and hardly a field is true
MOST_NOTED = 1_000  # oddities that are remembered, so that each is logged once

NOBODYS = {"type": MADE_UP, "content": "", "author": {"id": "0", **USER}}  # a message that no person wrote

Payload = Any  # what Discord sent, as JSON: nothing is known of it


class GuardedState(AutoShardedConnectionState[Any]):
    """A state for which no event is fatal: what cannot be parsed is left out, alone, and logged once."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self._noted: deque[str] = deque(maxlen=MOST_NOTED)
        self.parsers = {event: self._guard(event, parse) for event, parse in self.parsers.items()}

    def create_message(self, *, channel: Any, data: Payload) -> discord.Message:
        """Return a message that REST gave, as far as it can be parsed; one of nobody's where it cannot be at all."""
        build = partial(self._build_message, channel)
        try:
            return build(self._readable(data, "message", build))
        except Unreadable as error:
            self._note("discord message skipped", "message", data, error)
            return build({**NOBODYS, "id": _number_of(data)})

    def parse_message_create(self, data: Payload) -> None:
        """Take MESSAGE_CREATE."""
        super().parse_message_create(self._readable(data, "message", self._build_arrived))

    def parse_message_update(self, data: Payload) -> None:
        """Take MESSAGE_UPDATE."""
        super().parse_message_update(self._readable(data, "message", self._build_arrived))

    def parse_interaction_create(self, data: Payload) -> None:
        """Take INTERACTION_CREATE, in which the message that somebody asks about may be odd."""
        messages = ((data.get("data") or {}).get("resolved") or {}).get("messages") or {}
        for number, message in messages.items():
            placed = {**message, "guild_id": data["guild_id"]} if data.get("guild_id") else message
            messages[number] = self._readable(placed, "message", self._build_arrived)
        super().parse_interaction_create(data)

    def parse_guild_create(self, data: Payload) -> None:
        """Take GUILD_CREATE, without the channels that the bot may not see."""
        seen = {**data, "channels": [each for each in data.get("channels") or () if not _is_hidden(each)]}
        super().parse_guild_create(self._readable(seen, "guild", self._build_guild))

    def parse_guild_update(self, data: Payload) -> None:
        """Take GUILD_UPDATE, if all of it can be parsed: discord.py would stop midway and leave half a guild."""
        self._build_guild(data)
        super().parse_guild_update(data)

    def parse_channel_create(self, data: Payload) -> None:
        """Take CHANNEL_CREATE of a channel that the bot may see."""
        if not _is_hidden(data):
            super().parse_channel_create(data)

    def parse_channel_update(self, data: Payload) -> None:
        """Take CHANNEL_UPDATE, by which a channel also comes into sight, and goes out of it."""
        guild = self._get_guild(int(data["guild_id"]))
        if _is_hidden(data):
            super().parse_channel_delete(data)
        elif guild and not guild.get_channel(int(data["id"])):
            super().parse_channel_create(data)
        else:
            super().parse_channel_update(data)

    def _guard(self, event: str, parse: Callable[[Payload], None]) -> Callable[[Payload], None]:
        """Return a parser that skips what it cannot parse; for READY, without which nothing is heard, it reconnects."""

        def parse_or_skip(data: Payload) -> None:
            try:
                parse(data)
            except Exception as error:
                self._note("discord event skipped", event, data, error)
                if event == "MESSAGE_CREATE" and isinstance(data, dict):
                    self._report_unreadable(data)
                if event == "READY":
                    raise ConnectionError(event) from error

        return parse_or_skip

    def _readable(self, data: Payload, name: str, build: Callable[[Payload], object]) -> Payload:
        """Return a payload, or what of it `build` takes; `name` is that of its kind. Raises Unreadable."""
        data = show_forwarded_polls(data)
        if isinstance(data, dict) and data.get("referenced_message"):
            data = {**data, "referenced_message": show_forwarded_polls(data["referenced_message"])}
        try:
            build(data)
        except Exception as error:  # noqa: BLE001 - whatever an odd payload leads to
            readable = mend(data, partial(_is_buildable, build), name)
            self._note("discord payload read in part", name, data, error)
            return readable
        return data

    def _build_arrived(self, data: Payload) -> discord.Message:
        channel, _ = self._get_guild_channel(data)
        return self._build_message(channel, data)

    def _build_message(self, channel: Any, data: Payload) -> discord.Message:
        """Build a message; raises what discord.py does, which looks at flags only later, and leaves out an author."""
        message = discord.Message(state=self, channel=channel, data=data)
        message.author.id, message.flags.voice  # noqa: B018 - each raises where it is odd
        return message

    def _build_guild(self, data: Payload) -> discord.Guild:
        return discord.Guild(data=data, state=self)

    def _report_unreadable(self, data: dict[str, Any]) -> None:
        """Have a message listed of which nothing can be read, if it can be found again."""
        guild, channel, number = (str(data.get(name) or "") for name in ("guild_id", "channel_id", "id"))
        if number.isdecimal():
            self.dispatch("unreadable_message", guild, channel, number)

    def _note(self, what: str, name: str, data: Payload, error: Exception) -> None:
        """Log an oddity, once."""
        number = _number_of(data)
        oddity = f"{what} {name} {number}"
        if oddity not in self._noted:
            self._noted.append(oddity)
            log.warning(what, payload=name, id=number, error=type(error).__name__, detail=str(error))


def _number_of(data: Payload) -> str:
    """Return a payload's id, `0` where it has none."""
    number = str(data.get("id")) if isinstance(data, dict) else ""
    return number if number.isdecimal() else "0"


def _is_buildable(build: Callable[[Payload], object], data: Payload) -> bool:
    try:
        build(data)
    except Exception:  # noqa: BLE001 - whatever an odd payload leads to
        return False
    return True


def _is_hidden(channel: Payload) -> bool:
    """Whether the bot may not see a channel that the gateway tells of, as since 2026-11-16 (discord-api-docs#8454)."""
    return isinstance(channel, dict) and bool(int(channel.get("flags") or 0) & HIDDEN)
