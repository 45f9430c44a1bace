"""What a bot may do in a channel, from what Discord tells of its server. Pure.

Discord docs, Permissions, Permission overwrites: everyone's come first, then those of all roles, then one's own.
"""

from collections.abc import Iterable, Mapping
from typing import Any

Payload = Mapping[str, Any]
ADMINISTRATOR = 1 << 3
EVERYTHING = (1 << 64) - 1
TEXT_CHANNELS = (0, 5)  # Discord docs, Channel types: text, announcement


def rights_in(channel: Payload, guild: Payload, member: Payload) -> int:
    """Return a member's rights in a channel, as bits; `guild` holds its roles."""
    roles = {str(role.get("id")): int(role.get("permissions") or 0) for role in guild.get("roles") or ()}
    own = [str(guild.get("id")), *map(str, member.get("roles") or ())]
    rights = 0
    for role in own:
        rights |= roles.get(role, 0)
    if rights & ADMINISTRATOR:
        return EVERYTHING
    overwrites = {str(each.get("id")): each for each in channel.get("permission_overwrites") or ()}
    me = str((member.get("user") or {}).get("id"))
    for group in (own[:1], own[1:], [me]):
        rights = _overwritten(rights, [overwrites[each] for each in group if each in overwrites])
    return rights


def _overwritten(rights: int, overwrites: Iterable[Payload]) -> int:
    deny = allow = 0
    for each in overwrites:
        deny |= int(each.get("deny") or 0)
        allow |= int(each.get("allow") or 0)
    return rights & ~deny | allow
