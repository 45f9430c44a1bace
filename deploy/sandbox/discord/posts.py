"""A message and what hangs on it (Discord docs, Message object)."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import IntEnum, IntFlag
from typing import Any

from deploy.sandbox.wire.raw import ORDINARY, RawFields


class Kind(IntEnum):
    """The types of message that occur here."""

    DEFAULT = 0
    THREAD_CREATED = 18
    REPLY = 19
    CHAT_INPUT_COMMAND = 20
    THREAD_STARTER = 21
    CONTEXT_MENU_COMMAND = 23


class Flag(IntFlag):
    """The flags of a message that mean something here."""

    SUPPRESS_EMBEDS = 1 << 2
    HAS_THREAD = 1 << 5
    EPHEMERAL = 1 << 6
    LOADING = 1 << 7
    SUPPRESS_NOTIFICATIONS = 1 << 12
    VOICE = 1 << 13
    HAS_SNAPSHOT = 1 << 14
    COMPONENTS_V2 = 1 << 15


NO_FLAGS = Flag(0)


@dataclass(slots=True)
class Attachment:
    """A file on a message. A voice note has its length in seconds and a waveform; `description` is its alt text.

    `fetched` says how often the content was sent.
    """

    id: str
    name: str
    media_type: str
    content: bytes
    description: str = ""
    duration_secs: float | None = None
    waveform: str | None = None
    fetched: int = 0


@dataclass(frozen=True, slots=True)
class Reference:
    """The message that a reply answers or a forward repeats; `forwards` says which."""

    channel: str
    post: str
    forwards: bool = False


@dataclass(frozen=True, slots=True)
class Mentions:
    """Who is mentioned so that it counts. `everyone` holds `@everyone` and `@here`."""

    users: tuple[str, ...] = ()
    roles: tuple[str, ...] = ()
    everyone: tuple[str, ...] = ()

    @property
    def pings(self) -> list[str]:
        """Each mention as it is written, roles as `<@&1>`."""
        return [*self.everyone, *(f"<@&{role}>" for role in self.roles), *(f"<@{user}>" for user in self.users)]


@dataclass(slots=True)
class Post:
    """A message in a channel. `pinged` holds every mention that ever notified somebody, by its creation or an edit.

    `asked` is the interaction that it answers, as its JSON shows it; `webhook` the id of what posted it, or empty.
    `raw` is how its JSON differs from an ordinary one's.
    """

    id: str
    channel: str
    user: str
    content: str
    kind: Kind = Kind.DEFAULT
    attachments: list[Attachment] = field(default_factory=list)
    embeds: list[dict[str, Any]] = field(default_factory=list)
    components: list[dict[str, Any]] = field(default_factory=list)
    flags: Flag = NO_FLAGS
    reference: Reference | None = None
    snapshots: list[dict[str, Any]] = field(default_factory=list)
    mentions: Mentions = field(default_factory=Mentions)
    pinged: list[str] = field(default_factory=list)
    reactions: dict[str, list[str]] = field(default_factory=dict)
    edited: datetime | None = None
    edits: int = 0
    nonce: str | int | None = None
    thread: str = ""
    webhook: str = ""
    asked: dict[str, Any] | None = None
    seen_by: str = ""
    raw: RawFields = ORDINARY

    @property
    def shown(self) -> str:
        """What a person reads: the content, or the text of its components where there is none."""
        return self.content or "\n".join(texts(self.components))


def texts(components: list[dict[str, Any]]) -> list[str]:
    """Return the text displays among components, and in what they contain, in order."""
    found: list[str] = []
    for component in components:
        if component.get("type") == 10:  # Discord docs, Component types: Text Display
            found.append(str(component.get("content", "")))
        found += texts(component.get("components", []))
    return found
