"""What stands in the channels: every change to it, and the event that Discord sends for it."""

import time
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any, Literal

from deploy.sandbox.discord import message_payloads, payloads
from deploy.sandbox.discord.gateway import Gateway
from deploy.sandbox.discord.mentions import mentions_in
from deploy.sandbox.discord.posts import Kind, Post, Reference
from deploy.sandbox.discord.roster import BOT_USER, GUILD, Channel, Roster
from deploy.sandbox.wire.changes import Changes

TYPING = 10.0  # seconds for which one call shows that somebody types


@dataclass(frozen=True, slots=True)
class Change:
    """One thing that happened. A deleted post is given as it stood."""

    kind: Literal["posted", "edited", "deleted", "typing", "thread", "reaction"]
    channel: str
    post: Post | None = None


class Board:
    """Posts, reactions and who types; the same for a person's doing and for the bot's."""

    def __init__(self, roster: Roster, gateway: Gateway, changes: Changes[Change]) -> None:
        self.roster = roster
        self.gateway = gateway
        self.changes = changes
        self.typing: dict[tuple[str, str], float] = {}

    def publish(self, post: Post, allowed: dict[str, Any]) -> None:
        """Put a post into its channel and send the event; `allowed` is the allowed_mentions that hold for it."""
        room = self.roster.channels[post.channel]
        self._mention(post, allowed)
        room.posts[post.id] = post
        self.typing.pop((room.id, post.user), None)
        if post.seen_by:
            self.changes.tell(Change("posted", room.id, post))
            return
        room.last_post = post.id
        self.changes.tell(Change("posted", room.id, post))
        self.send(room, "MESSAGE_CREATE", message_payloads.arrived(self.roster, post))

    def revise(self, post: Post, values: dict[str, Any], allowed: dict[str, Any], *, edited: bool = True) -> None:
        """Change a post's fields and send MESSAGE_UPDATE; unless `edited`, not as an edit by its author.

        A new text is read for mentions from scratch, under `allowed` alone.
        """
        for name, value in values.items():
            setattr(post, name, value)
        if values.keys() & {"content", "components"}:
            self._mention(post, allowed)
        if edited:
            post.edited = datetime.now(UTC)
            post.edits += 1
        self.changes.tell(Change("edited", post.channel, post))
        if not post.seen_by:
            self.send(self.roster.channels[post.channel], "MESSAGE_UPDATE", message_payloads.arrived(self.roster, post))

    def remove(self, post: Post) -> None:
        """Delete a post and send MESSAGE_DELETE."""
        room = self.roster.channels[post.channel]
        del room.posts[post.id]
        self.changes.tell(Change("deleted", room.id, replace(post)))
        if not post.seen_by:
            self.send(room, "MESSAGE_DELETE", {"id": post.id, "channel_id": room.id})

    def remove_all(self, channel: str, posts: list[str]) -> None:
        """Delete posts and send one MESSAGE_DELETE_BULK."""
        room = self.roster.channels[channel]
        for number in posts:
            self.changes.tell(Change("deleted", channel, room.posts.pop(number)))
        self.send(room, "MESSAGE_DELETE_BULK", {"ids": posts, "channel_id": channel})

    def add_reaction(self, post: Post, emoji: str, user: str) -> None:
        """Add a reaction, once for each person, and send the event."""
        people = post.reactions.setdefault(emoji, [])
        if user not in people:
            people.append(user)
            self._send_reaction("MESSAGE_REACTION_ADD", post, emoji, user)

    def take_reaction(self, post: Post, emoji: str, user: str) -> None:
        """Take a reaction back, if it is there, and send the event."""
        if user in post.reactions.get(emoji, ()):
            post.reactions[emoji].remove(user)
            if not post.reactions[emoji]:
                del post.reactions[emoji]
            self._send_reaction("MESSAGE_REACTION_REMOVE", post, emoji, user)

    def _send_reaction(self, event: str, post: Post, emoji: str, user: str) -> None:
        self.changes.tell(Change("reaction", post.channel, post))
        data = {
            "user_id": user,
            "channel_id": post.channel,
            "message_id": post.id,
            "emoji": payloads.emoji(emoji),
            "burst": False,
            "type": 0,
        }
        if event.endswith("ADD"):
            data["message_author_id"] = post.user
        self.send(self.roster.channels[post.channel], event, data)

    def start_typing(self, channel: str, user: str) -> None:
        """Show for ten seconds that somebody types, and send the event."""
        self.typing[channel, user] = time.monotonic() + TYPING
        self.changes.tell(Change("typing", channel))
        data = {"channel_id": channel, "user_id": user, "timestamp": int(time.time())}
        if not self.roster.channels[channel].is_direct:
            data["member"] = payloads.whole_member(self.roster.users[user])
        self.send(self.roster.channels[channel], "TYPING_START", data)

    def _mention(self, post: Post, allowed: dict[str, Any]) -> None:
        answered = self.post_of(post.reference) if post.reference and not post.reference.forwards else None
        replied_to = answered.user if answered and post.kind is Kind.REPLY else ""
        text = post.shown
        post.mentions = mentions_in(self.roster, post.user, post.channel, text, allowed, replied_to)
        post.pinged = list(dict.fromkeys(post.pinged + post.mentions.pings))

    def post_of(self, reference: Reference) -> Post | None:
        """Return the post that is referred to, if it still stands."""
        room = self.roster.channels.get(reference.channel)
        return room.posts.get(reference.post) if room else None

    def send(self, room: Channel, event: str, data: dict[str, Any], *, seen: bool = False) -> None:
        """Dispatch an event of a channel that Confab sees; `seen` if it is sent in any case."""
        if not seen and not self.roster.sees(BOT_USER, room.id):
            return
        if room.is_direct:
            self.gateway.dispatch(event, data, direct=True)
        else:
            self.gateway.dispatch(event, {**data, "guild_id": GUILD})
