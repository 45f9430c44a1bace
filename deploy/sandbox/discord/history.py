"""Reading messages (Discord docs, Get Channel Messages)."""

from itertools import islice

from deploy.sandbox.discord import message_payloads, payloads
from deploy.sandbox.discord.api import Asked, Route
from deploy.sandbox.discord.guild import Guild
from deploy.sandbox.discord.intents import blanked
from deploy.sandbox.discord.limits import READING
from deploy.sandbox.discord.permissions import Permission
from deploy.sandbox.discord.places import post_of, room_of
from deploy.sandbox.discord.posts import Post
from deploy.sandbox.discord.refused import Problem, Refused, invalid_form
from deploy.sandbox.discord.roster import BOT_USER


def shown(guild: Guild, post: Post) -> payloads.Payload:
    """Return a message as REST gives it: without the switch for message content, only what Confab may read."""
    whole = message_payloads.message(guild.roster, post)
    if guild.channels[post.channel].is_direct or guild.message_content:
        return whole
    return blanked(whole, BOT_USER)


def get_many(guild: Guild, asked: Asked) -> list[payloads.Payload]:
    """List messages, newest first: before, after or around an id, or the last ones; up to `limit`, 50 unless given."""
    room, limit = room_of(guild, asked), _limit(asked)
    if not guild.roster.may(room.id, Permission.READ_MESSAGE_HISTORY):
        return []
    found = [post for post in room.posts.values() if not post.seen_by]
    if after := asked.query.get("after"):
        kept = list(islice((post for post in found if int(post.id) > int(after)), limit))
    elif around := asked.query.get("around"):
        place = sum(int(post.id) < int(around) for post in found)
        kept = found[max(0, place - limit // 2) : place + limit - limit // 2]
    else:
        before = int(asked.query.get("before") or 1 << 64)
        kept = [post for post in found if int(post.id) < before][-limit:]
    return [shown(guild, post) for post in reversed(kept)]


def _limit(asked: Asked) -> int:
    given = asked.query.get("limit", "50")
    if not given.isdecimal() or not 1 <= int(given) <= 100:
        raise invalid_form({"limit": Problem("NUMBER_TYPE_MAX", "int value should be between 1 and 100.")})
    return int(given)


def get_one(guild: Guild, asked: Asked) -> payloads.Payload:
    """Return one message."""
    post = post_of(guild, asked)
    if not guild.roster.may(post.channel, Permission.READ_MESSAGE_HISTORY):
        raise Refused(50013)
    return shown(guild, post)


_MESSAGES = "/channels/{channel}/messages"
ROUTES = (
    Route("get_channel_messages", "GET", _MESSAGES, get_many, READING, "channel"),
    Route("get_channel_message", "GET", _MESSAGES + "/{message}", get_one, READING, "channel"),
)
