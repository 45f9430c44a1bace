"""Which scopes the app was granted, and what it may do with them."""

from collections.abc import Collection
from typing import Literal

from deploy.sandbox.slack.refused import Refused
from deploy.sandbox.slack.roster import Channel

# What the app's manifest asks for. Slack docs, Scopes.
GRANTED = frozenset(
    {"app_mentions:read", "channels:history", "groups:history", "im:history", "mpim:history", "chat:write"}
    | {"channels:read", "groups:read", "im:read", "mpim:read"}
    | {"users:read", "files:read", "assistant:write", "commands"}
)
COMMANDS = "commands"  # what slash commands and shortcuts need
_PLURAL = {"channel": "channels", "group": "groups", "im": "im", "mpim": "mpim"}


def need(granted: Collection[str], wanted: Collection[str]) -> None:
    """Refuse the call unless one of the wanted scopes was granted; nothing wanted is always granted."""
    if wanted and not set(wanted) & set(granted):
        raise Refused("missing_scope", {"needed": ",".join(wanted), "provided": ",".join(sorted(granted))})


def scope_for(room: Channel, right: Literal["history", "read"]) -> str:
    """Return the scope that a kind of channel asks for, as `groups:history`."""
    return f"{_PLURAL[room.kind]}:{right}"


def subscription_for(room: Channel) -> str:
    """Return the event type under which messages of this kind of channel are subscribed to."""
    return f"message.{_PLURAL[room.kind]}"
