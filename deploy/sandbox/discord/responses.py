"""How the bot answers interactions (Discord docs, Receiving and Responding)."""

import time
from typing import Any

from deploy.sandbox.discord import message_payloads, payloads
from deploy.sandbox.discord.api import Asked, Route
from deploy.sandbox.discord.content import check, says_something
from deploy.sandbox.discord.guild import Guild
from deploy.sandbox.discord.interactions import COMPONENT_USED, OPTION_TYPED, Interaction
from deploy.sandbox.discord.limits import ORDINARY, WEBHOOK
from deploy.sandbox.discord.mentions import USERS_ALONE, allowance
from deploy.sandbox.discord.messages import CREATED_FLAGS, change, composed, described, moderate
from deploy.sandbox.discord.posts import Flag, Kind, Post
from deploy.sandbox.discord.refused import Problem, Refused, invalid_form

MESSAGE, DEFERRED, DEFERRED_UPDATE, UPDATE, CHOICES = 4, 5, 6, 7, 8  # Discord docs, Interaction Callback Type
MOST_CHOICES, LONGEST_CHOICE = 25, 100
FLAGS = CREATED_FLAGS | Flag.EPHEMERAL


def answer(guild: Guild, asked: Asked) -> payloads.Payload | None:
    """Take the first answer to an interaction: a message, or the promise of one; only once, and within 3 s."""
    interaction = guild.interactions.by_token.get(asked.path["token"])
    late = interaction is not None and time.monotonic() - interaction.made_at > guild.interactions.ack_within
    if interaction is None or interaction.id != asked.path["interaction"] or (late and not interaction.answered):
        raise Refused(10062)
    if interaction.answered:
        raise Refused(40060)
    kind = int(asked.fields.get("type") or 0)
    if interaction.kind == OPTION_TYPED:
        _suggest(interaction, kind, asked.fields.get("data") or {})
        return None
    if kind not in (MESSAGE, DEFERRED, *((DEFERRED_UPDATE, UPDATE) if interaction.kind == COMPONENT_USED else ())):
        raise invalid_form({"type": Problem("BASE_TYPE_CHOICES", f"Value must be one of {(MESSAGE, DEFERRED)}.")})
    _begin(guild, interaction, kind, Asked(asked.path, asked.query, asked.fields.get("data") or {}, asked.files))
    interaction.answered = kind
    return _told(guild, interaction) if asked.query.get("with_response") in ("1", "true") else None


def _suggest(interaction: Interaction, kind: int, data: dict[str, Any]) -> None:
    """Take what is suggested for an option."""
    choices = data.get("choices")
    if kind != CHOICES or not isinstance(choices, list):
        raise invalid_form({"type": Problem("BASE_TYPE_CHOICES", f"Value must be one of {(CHOICES,)}.")})
    if len(choices) > MOST_CHOICES or any(
        not 1 <= len(str(each.get(part, ""))) <= LONGEST_CHOICE for each in choices for part in ("name", "value")
    ):
        raise invalid_form({"data": Problem("BASE_TYPE_BAD_LENGTH", "Must be between 1 and 100 in length.")})
    interaction.choices, interaction.answered = choices, kind


def _begin(guild: Guild, interaction: Interaction, kind: int, asked: Asked) -> None:
    """Do what a callback of this kind does at once."""
    if kind == DEFERRED:
        flags = Flag(int(asked.fields.get("flags") or 0)) & Flag.EPHEMERAL | Flag.LOADING
        thinking = _post(guild, interaction, {}, asked)
        thinking.flags = flags
        interaction.original = _publish(guild, interaction, thinking, {})
    elif kind == MESSAGE:
        interaction.original = _write(guild, interaction, asked)
    else:
        interaction.original = interaction.posted
        if kind == UPDATE:
            change(guild, guild.channels[interaction.channel].posts[interaction.posted], asked, USERS_ALONE)


def _write(guild: Guild, interaction: Interaction, asked: Asked) -> str:
    body, files = asked.fields, described(asked)
    check(body, files, guild.file_limit)
    if not says_something(body, len(files)):
        raise Refused(50006)
    moderate(guild, body)
    return _publish(guild, interaction, _post(guild, interaction, body, asked), allowance(body, USERS_ALONE))


def _post(guild: Guild, interaction: Interaction, body: dict[str, Any], asked: Asked) -> Post:
    post = composed(guild, interaction.channel, body, described(asked), FLAGS)
    post.webhook = guild.app
    post.asked = {**interaction.metadata, "user": payloads.user(guild.users[interaction.user])}
    return post


def _publish(guild: Guild, interaction: Interaction, post: Post, allowed: dict[str, Any]) -> str:
    if not interaction.original:
        post.kind = Kind.CONTEXT_MENU_COMMAND if interaction.menu else Kind.CHAT_INPUT_COMMAND
    if Flag.EPHEMERAL in post.flags:
        post.seen_by = interaction.user
    guild.board.publish(post, allowed)
    return post.id


def _told(guild: Guild, interaction: Interaction) -> payloads.Payload:
    post = guild.channels[interaction.channel].posts[interaction.original]
    shown = {
        "id": interaction.id,
        "type": interaction.kind,
        "response_message_id": post.id,
        "response_message_loading": Flag.LOADING in post.flags,
        "response_message_ephemeral": Flag.EPHEMERAL in post.flags,
    }
    resource = {"type": interaction.answered, "message": message_payloads.message(guild.roster, post)}
    return {"interaction": shown, "resource": resource}


def _held(guild: Guild, asked: Asked) -> Interaction:
    """Return the interaction of a webhook's token, which is good for 15 minutes, once it was answered."""
    interaction = guild.interactions.by_token.get(asked.path["token"])
    if interaction is None or asked.path["application"] != guild.app:
        raise Refused(10015)
    if time.monotonic() - interaction.made_at > guild.interactions.token_life:
        raise Refused(50027)
    if not interaction.answered:
        raise Refused(10015)
    return interaction


def _answer(guild: Guild, interaction: Interaction, asked: Asked) -> Post:
    """Return the post of a path: the original answer or one that followed it."""
    named = asked.path["message"]
    number = interaction.original if named == "@original" else named
    post = guild.channels[interaction.channel].posts.get(number)
    if post is None or number not in (interaction.original, *interaction.follow_ups):
        raise Refused(10008)
    return post


def get(guild: Guild, asked: Asked) -> payloads.Payload:
    """Return an answer."""
    return message_payloads.message(guild.roster, _answer(guild, _held(guild, asked), asked))


def edit(guild: Guild, asked: Asked) -> payloads.Payload:
    """Change an answer, or give the one that was promised."""
    post = _answer(guild, _held(guild, asked), asked)
    _change(guild, post, asked)
    return message_payloads.message(guild.roster, post)


def _change(guild: Guild, post: Post, asked: Asked) -> None:
    change(guild, post, asked, USERS_ALONE, edited=Flag.LOADING not in post.flags)


def delete(guild: Guild, asked: Asked) -> None:
    """Delete an answer."""
    guild.board.remove(_answer(guild, _held(guild, asked), asked))


def follow_up(guild: Guild, asked: Asked) -> payloads.Payload:
    """Write one more answer; the first after a promise is what was promised."""
    interaction = _held(guild, asked)
    room = guild.channels[interaction.channel]
    promised = room.posts.get(interaction.original)
    if promised is not None and Flag.LOADING in promised.flags:
        if not says_something(asked.fields, len(asked.files)):
            raise Refused(50006)
        _change(guild, promised, asked)
        return message_payloads.message(guild.roster, promised)
    number = _write(guild, interaction, asked)
    interaction.follow_ups.append(number)
    return message_payloads.message(guild.roster, room.posts[number])


_WEBHOOK = "/webhooks/{application}/{token}"
_ONE = _WEBHOOK + "/messages/{message}"
_CALLBACK = "/interactions/{interaction}/{token}/callback"
ROUTES = (
    Route("create_interaction_response", "POST", _CALLBACK, answer, ORDINARY, "interaction", open=True),
    Route("create_followup_message", "POST", _WEBHOOK, follow_up, WEBHOOK, "token", open=True),
    Route("get_interaction_response", "GET", _ONE, get, WEBHOOK, "token", open=True),
    Route("edit_interaction_response", "PATCH", _ONE, edit, WEBHOOK, "token", open=True),
    Route("delete_interaction_response", "DELETE", _ONE, delete, WEBHOOK, "token", open=True),
)
