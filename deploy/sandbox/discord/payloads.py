"""Users, roles, channels and the guild as Discord writes them (Discord docs, Resources)."""

from datetime import UTC, datetime
from typing import Any

from deploy.sandbox.discord.permissions import Permission
from deploy.sandbox.discord.roster import (
    ADA,
    BOT_USER,
    GUILD,
    OF_GUILD,
    Channel,
    Role,
    Roster,
    User,
)
from deploy.sandbox.discord.snowflakes import made_at

Payload = dict[str, Any]
TYPES = {"text": 0, "dm": 1, "forum": 15, "public_thread": 11, "private_thread": 12}
_JOINED = "2024-01-01T00:00:00.000000+00:00"
OBFUSCATED = 1 << 17  # the flag of a channel that is hidden
FILE_LIMIT = 10 * 1024 * 1024  # bytes; what a guild without boosts takes in one file


def stamp(moment: datetime) -> str:
    """Write a moment as Discord does."""
    return moment.astimezone(UTC).isoformat(timespec="microseconds")


def user(person: User) -> Payload:
    """Return the user object."""
    shown = {
        "id": person.id,
        "username": person.name,
        "global_name": None if person.bot else person.global_name,
        "discriminator": "4711" if person.bot else "0",
        "avatar": None,
        "avatar_decoration_data": None,
        "collectibles": None,
        "banner": None,
        "accent_color": None,
        "primary_guild": None,
        "public_flags": 0,
        "flags": 0,
    }
    return {**shown, "bot": True} if person.bot else shown


def member(person: User) -> Payload:
    """Return the member object without its user, as it stands beside a message's author."""
    return {
        "nick": None,
        "avatar": None,
        "banner": None,
        "communication_disabled_until": None,
        "roles": list(person.roles),
        "joined_at": _JOINED,
        "premium_since": None,
        "deaf": False,
        "mute": False,
        "pending": False,
        "flags": 0,
    }


def whole_member(person: User) -> Payload:
    """Return the member object with its user."""
    return {**member(person), "user": user(person)}


def role(each: Role, position: int) -> Payload:
    """Return the role object."""
    shown = {
        "id": each.id,
        "name": each.name,
        "color": 0,
        "colors": {"primary_color": 0, "secondary_color": None, "tertiary_color": None},
        "hoist": False,
        "position": position,
        "permissions": str(int(each.permissions)),
        "managed": bool(each.bot),
        "mentionable": each.mentionable,
        "icon": None,
        "unicode_emoji": None,
        "flags": 0,
    }
    return {**shown, "tags": {"bot_id": each.bot}} if each.bot else shown


def channel(roster: Roster, room: Channel) -> Payload:
    """Return the channel object of a text channel, a thread or a direct message, as Confab sees it."""
    shared = {"id": room.id, "type": TYPES[room.kind], "last_message_id": room.last_post, "flags": 0}
    if room.is_direct:
        return {**shared, "recipients": [user(roster.users[each]) for each in sorted(room.members - {BOT_USER})]}
    shared |= {"guild_id": GUILD, "name": room.name, "parent_id": room.parent or None, "rate_limit_per_user": 0}
    return {**shared, **(_thread(room) if room.is_thread else _text_channel(room))}


def arrived(roster: Roster, room: Channel) -> Payload:
    """Return a guild's channel as the gateway carries it: of one that Confab does not see, hardly anything is true.

    Since 2026-11-16 its name is hidden and its fields are null (discord-api-docs#8454); REST leaves it out.
    """
    if roster.sees(BOT_USER, room.id):
        return channel(roster, room)
    everybody = {"id": GUILD, "type": 0, "allow": "0", "deny": str(int(Permission.VIEW_CHANNEL))}
    empty = dict.fromkeys(("topic", "nsfw", "last_message_id", "parent_id", "rate_limit_per_user"))
    known = {"id": room.id, "guild_id": GUILD, "type": TYPES[room.kind], "position": 0}
    return {**empty, **known, "name": "___hidden___", "flags": OBFUSCATED, "permission_overwrites": [everybody]}


_FORUM: Payload = {
    "available_tags": [],
    "default_reaction_emoji": None,
    "default_sort_order": None,
    "default_forum_layout": 0,
}


def _text_channel(room: Channel) -> Payload:
    overwrites = [
        {"id": each, "type": 0, "allow": str(int(given.allow)), "deny": str(int(given.deny))}
        for each, given in room.overwrites.items()
    ]
    shown = {"position": 0, "nsfw": False, "topic": None, "permission_overwrites": overwrites}
    return {**shown, **_FORUM} if room.kind == "forum" else shown


def _thread(room: Channel) -> Payload:
    shown = {
        "owner_id": room.owner,
        "message_count": len(room.posts),
        "total_message_sent": len(room.posts),
        "member_count": len(room.members),
        "thread_metadata": {
            "archived": room.archived,
            "locked": room.locked,
            "auto_archive_duration": room.archive_minutes,
            "archive_timestamp": stamp(room.archived_at or made_at(room.id)),
            "create_timestamp": stamp(made_at(room.id)),
            **({"invitable": True} if room.kind == "private_thread" else {}),
        },
    }
    return {**shown, "member": thread_member(room, BOT_USER)} if BOT_USER in room.members else shown


def thread_member(room: Channel, person: str) -> Payload:
    """Return the thread member object."""
    return {"id": room.id, "user_id": person, "join_timestamp": stamp(made_at(room.id)), "flags": 0}


def emoji(name: str) -> Payload:
    """Return the emoji object of a reaction, which is a Unicode emoji or `name:id`."""
    label, _, number = name.partition(":")
    return {"id": number or None, "name": label}


def guild(roster: Roster, *, with_members: bool) -> Payload:
    """Return the guild as GUILD_CREATE carries it; without the right intent, Confab is its only member."""
    people = [person for person in roster.users.values() if with_members or person.id == BOT_USER]
    rooms = [room for room in roster.channels.values() if room.kind in OF_GUILD]
    threads = [room for room in roster.threads_of() if not room.archived and roster.sees(BOT_USER, room.id)]
    return {
        **guild_object(roster),
        "joined_at": _JOINED,
        "large": False,
        "unavailable": False,
        "member_count": len(roster.users),
        "members": [whole_member(person) for person in people],
        "channels": [*(arrived(roster, room) for room in rooms), *roster.odd_channels],
        "threads": [channel(roster, room) for room in threads],
        "voice_states": [],
        "presences": [],
        "stage_instances": [],
        "guild_scheduled_events": [],
        "soundboard_sounds": [],
    }


_UNSET = [
    "icon",
    "splash",
    "discovery_splash",
    "afk_channel_id",
    "application_id",
    "system_channel_id",
    "rules_channel_id",
    "description",
    "banner",
    "public_updates_channel_id",
    "safety_alerts_channel_id",
    "vanity_url_code",
    "home_header",
    "widget_channel_id",
    "max_presences",
    "incidents_data",
]  # the fields of a guild for which this one has nothing


def guild_object(roster: Roster) -> Payload:
    """Return the guild as REST gives it."""
    return {
        **dict.fromkeys(_UNSET),
        "id": GUILD,
        "name": "Analytical Engines",
        "owner_id": ADA,
        "afk_timeout": 300,
        "verification_level": 1,
        "default_message_notifications": 1,
        "explicit_content_filter": 0,
        "roles": [role(each, position) for position, each in enumerate(roster.roles.values())],
        "emojis": [],
        "stickers": [],
        "features": [],
        "mfa_level": 0,
        "system_channel_flags": 0,
        "premium_tier": 0,
        "premium_subscription_count": 0,
        "preferred_locale": "en-US",
        "nsfw_level": 0,
        "premium_progress_bar_enabled": False,
        "region": "deprecated",
        "widget_enabled": False,
        "max_members": 500_000,
        "max_stage_video_channel_users": 50,
        "max_video_channel_users": 25,
        "nsfw": False,
    }
