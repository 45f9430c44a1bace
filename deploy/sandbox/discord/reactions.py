"""Reactions (Discord docs, Message, Reactions)."""

import re

from deploy.sandbox.discord import payloads
from deploy.sandbox.discord.api import Asked, Route
from deploy.sandbox.discord.guild import Guild
from deploy.sandbox.discord.limits import ORDINARY, REACTING
from deploy.sandbox.discord.permissions import Permission
from deploy.sandbox.discord.places import need, need_open, post_of
from deploy.sandbox.discord.refused import Refused
from deploy.sandbox.discord.roster import BOT_USER

_CUSTOM = re.compile(r"\w{2,32}:\d+")


def add(guild: Guild, asked: Asked) -> None:
    """Add a reaction of the bot; a new kind of it needs the right to."""
    post, emoji = post_of(guild, asked), _emoji(asked)
    room = guild.channels[post.channel]
    need_open(room)
    need(guild, room, Permission.READ_MESSAGE_HISTORY)
    if emoji not in post.reactions:
        need(guild, room, Permission.ADD_REACTIONS)
    guild.board.add_reaction(post, emoji, BOT_USER)


def take(guild: Guild, asked: Asked) -> None:
    """Take a reaction back: the bot's own, or with the right to another's."""
    post, person = post_of(guild, asked), asked.path.get("user", BOT_USER)
    need_open(guild.channels[post.channel])
    if person != BOT_USER:
        need(guild, guild.channels[post.channel], Permission.MANAGE_MESSAGES)
    guild.board.take_reaction(post, _emoji(asked), person)


def people(guild: Guild, asked: Asked) -> list[payloads.Payload]:
    """List who reacted with an emoji."""
    post = post_of(guild, asked)
    return [payloads.user(guild.users[each]) for each in post.reactions.get(_emoji(asked), ())]


def _emoji(asked: Asked) -> str:
    """Return an emoji of Unicode, or a custom one as `name:id`. Raises Refused for anything else, such as `smile`."""
    emoji = asked.path["emoji"]
    if emoji.isascii() and not _CUSTOM.fullmatch(emoji):
        raise Refused(10014)
    return emoji


_REACTIONS = "/channels/{channel}/messages/{message}/reactions/{emoji}"
ROUTES = (
    Route("create_reaction", "PUT", _REACTIONS + "/@me", add, REACTING, "channel"),
    Route("delete_own_reaction", "DELETE", _REACTIONS + "/@me", take, REACTING, "channel"),
    Route("delete_user_reaction", "DELETE", _REACTIONS + "/{user}", take, REACTING, "channel"),
    Route("get_reactions", "GET", _REACTIONS, people, ORDINARY, "channel"),
)
