"""Messages and attachments as Discord writes them (Discord docs, Message object)."""

import time

from deploy.sandbox.discord import cdn, payloads
from deploy.sandbox.discord.posts import Attachment, Post
from deploy.sandbox.discord.roster import BOT_USER, GUILD, Roster
from deploy.sandbox.discord.snowflakes import made_at


def attachment(roster: Roster, place: str, file: Attachment) -> payloads.Payload:
    """Return the attachment object, with an address that is good for a day from now."""
    url = cdn.signed(f"{roster.url}/discord/cdn/attachments", place, file, time.time())
    shown: payloads.Payload = {
        "id": file.id,
        "filename": file.name,
        "size": len(file.content),
        "url": url,
        "proxy_url": url,
    }
    optional = {
        "content_type": file.media_type or None,
        "description": file.description or None,
        "duration_secs": file.duration_secs,
        "waveform": file.waveform,
    }
    return shown | {name: value for name, value in optional.items() if value is not None}


def message(roster: Roster, post: Post, *, nested: bool = False) -> payloads.Payload:
    """Return the message object as REST gives it; `nested` leaves out the message that it answers."""
    author = roster.users[post.user]
    shown: payloads.Payload = {
        "id": post.id,
        "type": int(post.kind),
        "channel_id": post.channel,
        "author": payloads.user(author),
        "content": post.content,
        "timestamp": payloads.stamp(made_at(post.id)),
        "edited_timestamp": payloads.stamp(post.edited) if post.edited else None,
        "tts": False,
        "mention_everyone": bool(post.mentions.everyone),
        "mentions": [payloads.user(roster.users[each]) for each in post.mentions.users],
        "mention_roles": list(post.mentions.roles),
        "attachments": [attachment(roster, post.channel, file) for file in post.attachments],
        "embeds": post.embeds,
        "components": post.components,
        "pinned": False,
        "flags": int(post.flags),
    }
    whole = shown | _reactions(post) | _belongings(roster, post) | ({} if nested else _answered(roster, post))
    return post.raw.apply(whole)


def _reactions(post: Post) -> payloads.Payload:
    if not post.reactions:
        return {}
    counted = [
        {
            "emoji": payloads.emoji(name),
            "count": len(people),
            "count_details": {"burst": 0, "normal": len(people)},
            "me": BOT_USER in people,
            "me_burst": False,
            "burst_colors": [],
        }
        for name, people in post.reactions.items()
    ]
    return {"reactions": counted}


def _belongings(roster: Roster, post: Post) -> payloads.Payload:
    """Return what only some messages have."""
    shown: payloads.Payload = {}
    if post.webhook:
        shown |= {"webhook_id": post.webhook, "application_id": post.webhook}
    if post.asked is not None:
        shown["interaction_metadata"] = post.asked
    if post.thread and post.thread in roster.channels:
        shown["thread"] = payloads.channel(roster, roster.channels[post.thread])
    if post.snapshots:
        shown["message_snapshots"] = post.snapshots
    return shown


def _answered(roster: Roster, post: Post) -> payloads.Payload:
    if post.reference is None:
        return {}
    place, number = post.reference.channel, post.reference.post
    reference: payloads.Payload = {"type": int(post.reference.forwards), "channel_id": place}
    if number:
        reference["message_id"] = number
    room = roster.channels.get(place)
    if room is None or not room.is_direct:
        reference["guild_id"] = GUILD
    shown: payloads.Payload = {"message_reference": reference}
    if number and not post.reference.forwards:
        found = room.posts.get(number) if room else None
        shown["referenced_message"] = message(roster, found, nested=True) if found else None
    return shown


def arrived(roster: Roster, post: Post) -> payloads.Payload:
    """Return the message object as MESSAGE_CREATE and MESSAGE_UPDATE carry it."""
    shown = message(roster, post)
    if post.nonce is not None:
        shown["nonce"] = post.nonce
    room = roster.channels[post.channel]
    if room.is_direct:
        return {**shown, "channel_type": 1}
    for each in () if post.raw.covers("mentions") else shown["mentions"]:
        each["member"] = payloads.member(roster.users[each["id"]])
    beside = {} if post.webhook else {"member": payloads.member(roster.users[post.user])}
    return post.raw.apply({**shown, **beside, "guild_id": GUILD, "channel_type": payloads.TYPES[room.kind]})
