"""Who is in the guild, and where they talk."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

from deploy.sandbox.discord.permissions import (
    DIRECT,
    EVERYTHING,
    NOTHING,
    ORDINARY,
    Overwrite,
    Permission,
    overwritten,
)
from deploy.sandbox.discord.posts import Post

GUILD = "1200000000000000000"
BOT_USER = "1200000000000000010"
APP = BOT_USER
OTHER_BOT_USER = "1200000000000000011"
ADA = "1200000000000000001"
GRACE = "1200000000000000002"
LINUS = "1200000000000000003"
GENERAL = "1200000000000000101"
ENGINEERING = "1200000000000000102"
RANDOM = "1200000000000000103"
LOUNGE = "1200000000000000104"
BOT_ROLE = "1200000000000000201"
ENGINEERS = "1200000000000000202"
EVERYONE = GUILD  # the role of everybody has the guild's own id

ChannelKind = Literal["text", "forum", "dm", "public_thread", "private_thread"]
OF_GUILD = ("text", "forum")  # what stands in the guild's list; in a forum itself are threads alone
THREADS = ("public_thread", "private_thread")


@dataclass(frozen=True, slots=True)
class User:
    """Somebody on Discord; `roles` are what they have in the guild beside everyone's."""

    id: str
    name: str
    global_name: str
    bot: bool = False
    roles: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Role:
    """A role of the guild; a mention of one that is not `mentionable` needs the right to mention everyone."""

    id: str
    name: str
    permissions: Permission = NOTHING
    mentionable: bool = False
    bot: str = ""


@dataclass(slots=True)
class Channel:
    """A place where posts stand, by id, oldest first: a text channel, a thread in one or in a forum, a direct message.

    `members` are the people of a direct message, or who joined a thread. `closed` is a direct message that takes
    nothing from Confab any more. `archived_at` is when a thread was last archived or opened again.
    """

    id: str
    kind: ChannelKind
    name: str = ""
    parent: str = ""
    owner: str = ""
    members: set[str] = field(default_factory=set)
    posts: dict[str, Post] = field(default_factory=dict)
    last_post: str | None = None
    overwrites: dict[str, Overwrite] = field(default_factory=dict)
    archived: bool = False
    locked: bool = False
    archive_minutes: int = 4320
    archived_at: datetime | None = None
    closed: bool = False

    @property
    def is_thread(self) -> bool:
        """Whether it stands under another channel."""
        return self.kind in THREADS

    @property
    def is_direct(self) -> bool:
        """Whether it belongs to no guild."""
        return self.kind == "dm"


class Roster:
    """Users, roles and channels; who may do what in which channel.

    `odd_channels` are JSON objects that the gateway lists as they stand beside the channels, whatever is in them, and
    `left` the users who are no members any more.
    """

    def __init__(self) -> None:
        self.url = ""
        self.users = {user.id: user for user in everybody()}
        self.roles = {role.id: role for role in every_role()}
        self.channels = {channel.id: channel for channel in rooms()}
        self.odd_channels: list[dict[str, Any]] = []
        self.left: set[str] = set()

    def threads_of(self, parent: str = "") -> list[Channel]:
        """Return the threads of a channel, or of all, oldest first."""
        return [room for room in self.channels.values() if room.is_thread and parent in ("", room.parent)]

    def permissions(self, user: str, channel: str) -> Permission:
        """Return what somebody may do in a channel; a thread has its parent's rights."""
        room = self.channels[channel]
        if room.is_direct:
            return DIRECT if user in room.members else NOTHING
        base = self.guild_permissions(user)
        if Permission.ADMINISTRATOR in base:
            return EVERYTHING
        place = self.channels[room.parent] if room.is_thread else room
        general = overwritten(base, [place.overwrites.get(EVERYONE, Overwrite())])
        own = [place.overwrites[role] for role in self.users[user].roles if role in place.overwrites]
        return overwritten(general, own)

    def guild_permissions(self, user: str) -> Permission:
        """Return what somebody may do in the whole guild; its owner may everything."""
        granted = Permission.ADMINISTRATOR if user == ADA else NOTHING
        for role in (EVERYONE, *self.users[user].roles):
            granted |= self.roles[role].permissions
        return granted

    def may(self, channel: str, *needed: Permission) -> bool:
        """Say whether Confab has all these rights in a channel."""
        return all(each in self.permissions(BOT_USER, channel) for each in needed)

    def sees(self, user: str, channel: str) -> bool:
        """Say whether somebody sees a channel: a private thread by having joined it, or by managing threads."""
        granted = self.permissions(user, channel)
        room = self.channels[channel]
        if room.kind == "private_thread" and Permission.MANAGE_THREADS not in granted and user not in room.members:
            return False
        return Permission.VIEW_CHANNEL in granted


def everybody() -> Iterator[User]:
    """Give the members that a new guild has."""
    yield User(ADA, "ada", "Ada Lovelace", roles=(ENGINEERS,))
    yield User(GRACE, "grace", "Grace Hopper", roles=(ENGINEERS,))
    yield User(LINUS, "linus", "Linus Berg")
    yield User(BOT_USER, "confab", "Confab", bot=True, roles=(BOT_ROLE,))
    yield User(OTHER_BOT_USER, "deploybot", "Deploybot", bot=True)


def every_role() -> Iterator[Role]:
    """Give the roles that a new guild has.

    Confab's lets it mention everyone, which no invitation asks for: so a text that tries is seen to.
    """
    yield Role(EVERYONE, "@everyone", ORDINARY)
    yield Role(BOT_ROLE, "Confab", ORDINARY | Permission.MENTION_EVERYONE, bot=BOT_USER)
    yield Role(ENGINEERS, "engineers", mentionable=True)


def rooms() -> Iterator[Channel]:
    """Give the channels that a new guild has, and the direct messages with Confab. It does not see #lounge."""
    for number, name in ((GENERAL, "general"), (ENGINEERING, "engineering"), (RANDOM, "random")):
        yield Channel(number, "text", name)
    yield Channel(LOUNGE, "text", "lounge", overwrites={BOT_ROLE: Overwrite(deny=Permission.VIEW_CHANNEL)})
    for person in (ADA, GRACE, LINUS):
        yield Channel(f"{person[:-3]}30{person[-1]}", "dm", members={person, BOT_USER})
