"""Who may do what where (Discord docs, Permissions)."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import IntFlag


class Permission(IntFlag):
    """The rights that this guild knows, each by its bit."""

    ADMINISTRATOR = 1 << 3
    MANAGE_CHANNELS = 1 << 4
    MANAGE_GUILD = 1 << 5
    ADD_REACTIONS = 1 << 6
    VIEW_CHANNEL = 1 << 10
    SEND_MESSAGES = 1 << 11
    MANAGE_MESSAGES = 1 << 13
    EMBED_LINKS = 1 << 14
    ATTACH_FILES = 1 << 15
    READ_MESSAGE_HISTORY = 1 << 16
    MENTION_EVERYONE = 1 << 17
    USE_APPLICATION_COMMANDS = 1 << 31
    MANAGE_THREADS = 1 << 34
    CREATE_PUBLIC_THREADS = 1 << 35
    CREATE_PRIVATE_THREADS = 1 << 36
    SEND_MESSAGES_IN_THREADS = 1 << 38
    PIN_MESSAGES = 1 << 51


NOTHING = Permission(0)
EVERYTHING = ~NOTHING
# What everybody may in a new guild, as far as this one knows it; mentioning everyone is not part of it.
ORDINARY = EVERYTHING & ~(
    Permission.ADMINISTRATOR
    | Permission.MANAGE_CHANNELS
    | Permission.MANAGE_GUILD
    | Permission.MANAGE_MESSAGES
    | Permission.MANAGE_THREADS
    | Permission.MENTION_EVERYONE
    | Permission.PIN_MESSAGES
)
# Direct messages have no roles: what can be done there may be done.
DIRECT = ORDINARY | Permission.MENTION_EVERYONE | Permission.PIN_MESSAGES


@dataclass(frozen=True, slots=True)
class Overwrite:
    """What one role is given and denied in one channel."""

    allow: Permission = NOTHING
    deny: Permission = NOTHING


def overwritten(base: Permission, overwrites: Iterable[Overwrite]) -> Permission:
    """Return `base` changed by the overwrites of several roles: what one allows wins over what another denies."""
    allow, deny = NOTHING, NOTHING
    for each in overwrites:
        allow, deny = allow | each.allow, deny | each.deny
    return (base & ~deny) | allow
