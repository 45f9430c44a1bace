"""What a path names, and whether Confab may do there what it asks for."""

from deploy.sandbox.discord.api import Asked
from deploy.sandbox.discord.guild import Guild
from deploy.sandbox.discord.permissions import Permission
from deploy.sandbox.discord.posts import Post
from deploy.sandbox.discord.refused import Refused
from deploy.sandbox.discord.roster import BOT_USER, GUILD, Channel


def room_of(guild: Guild, asked: Asked) -> Channel:
    """Return the channel of a path, which Confab must see."""
    room = guild.channels.get(asked.path["channel"])
    if room is None or (room.is_direct and BOT_USER not in room.members):
        raise Refused(10003)
    if not guild.roster.sees(BOT_USER, room.id):
        raise Refused(50001)
    return room


def post_of(guild: Guild, asked: Asked) -> Post:
    """Return the message of a path; Confab must be able to read the channel."""
    room = room_of(guild, asked)
    post = room.posts.get(asked.path["message"])
    if post is None or post.seen_by:
        raise Refused(10008)
    return post


def need_guild(asked: Asked) -> None:
    """Raise Refused if a path names another guild."""
    if asked.path["guild"] != GUILD:
        raise Refused(10004)


def need(guild: Guild, room: Channel, *needed: Permission) -> None:
    """Raise Refused if Confab lacks one of these rights in a channel."""
    if not guild.roster.may(room.id, *needed):
        raise Refused(50013)


def need_to_write(guild: Guild, room: Channel) -> None:
    """Raise Refused if Confab may not send messages there; threads need a right of their own."""
    if room.is_direct and room.closed:
        raise Refused(50007)
    need(guild, room, Permission.SEND_MESSAGES_IN_THREADS if room.is_thread else Permission.SEND_MESSAGES)
    if room.locked and not guild.roster.may(room.id, Permission.MANAGE_THREADS):
        raise Refused(50083 if room.archived else 160005)


def need_open(room: Channel) -> None:
    """Raise Refused if this is an archived thread, in which nothing can be changed."""
    if room.archived:
        raise Refused(50083)
