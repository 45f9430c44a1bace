"""The pretend guild. Everything that a person or a test does in it goes through here."""

import asyncio
import time
from base64 import b64encode
from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from deploy.sandbox.discord import message_payloads, payloads, roster
from deploy.sandbox.discord.board import Board, Change
from deploy.sandbox.discord.faults import Faults
from deploy.sandbox.discord.gateway import Gateway
from deploy.sandbox.discord.intents import LIMITED_MESSAGE_CONTENT, PRIVILEGED, Intent
from deploy.sandbox.discord.interactions import Interaction, Interactions
from deploy.sandbox.discord.limits import Limits
from deploy.sandbox.discord.mentions import ANYBODY
from deploy.sandbox.discord.nonces import Nonces
from deploy.sandbox.discord.permissions import NOTHING, Overwrite, Permission
from deploy.sandbox.discord.posts import NO_FLAGS, Attachment, Flag, Kind, Post, Reference
from deploy.sandbox.discord.roster import BOT_ROLE, BOT_USER, GUILD, Channel, ChannelKind, Roster
from deploy.sandbox.discord.snowflakes import Snowflakes
from deploy.sandbox.discord.threads import Threads
from deploy.sandbox.wire.platform import Platform
from deploy.sandbox.wire.raw import RawFields


@dataclass(frozen=True, slots=True)
class Call:
    """One call of the API. `status` is 0 if the connection was cut before anything was done.

    `code` is 0 or Discord's error code; `at` in seconds of time.monotonic.
    """

    route: str
    path: str
    query: Mapping[str, str]
    body: dict[str, Any]
    status: int
    code: int
    at: float


class Guild(Platform[Change, Limits]):
    """People, channels and one bot that was invited, in memory."""

    id = GUILD
    app = roster.APP
    bot_user = BOT_USER
    token = f"{b64encode(BOT_USER.encode()).decode().rstrip('=')}.{'Sandbx'}.{'opens-nothing-but-this-sandbox':_<38}"

    def __init__(self) -> None:
        super().__init__(Limits())
        self.roster = Roster()
        self.users, self.roles, self.channels = self.roster.users, self.roster.roles, self.roster.channels
        self.faults = Faults()
        self.snowflakes = Snowflakes()
        self.nonces = Nonces()
        self.gateway = Gateway(self.roster, self.faults, self.token, self.changes.wake)
        self.board = Board(self.roster, self.gateway, self.changes)
        self.threads = Threads(self.board, self.snowflakes)
        self.interactions = Interactions(self.board, self.snowflakes)
        self.file_limit = payloads.FILE_LIMIT
        self.attachments: dict[str, Attachment] = {}
        self.calls: deque[Call] = deque(maxlen=2000)

    @property
    def url(self) -> str:
        """The address of the sandbox."""
        return self.roster.url

    @url.setter
    def url(self, url: str) -> None:
        self.roster.url = url

    @property
    def message_content(self) -> bool:
        """Whether the application's switch for the message-content intent is on."""
        return bool(self.gateway.flags & PRIVILEGED[Intent.MESSAGE_CONTENT])

    @message_content.setter
    def message_content(self, on: bool) -> None:
        others = self.gateway.flags & ~PRIVILEGED[Intent.MESSAGE_CONTENT]
        self.gateway.flags = others | (LIMITED_MESSAGE_CONTENT if on else 0)

    @property
    def connected(self) -> int:
        """How many gateway sessions have a connection."""
        return self.gateway.connected

    def posts(self, channel: str) -> list[Post]:
        """Return everything in a channel or thread, oldest first, also what only one person sees."""
        return list(self.channels[channel].posts.values())

    def pings(self, post: str) -> list[str]:
        """Return every mention with which a post notified somebody, by its creation or by an edit since."""
        return next(room.posts[post].pinged for room in self.channels.values() if post in room.posts)

    def direct(self, user: str) -> str:
        """Return the id of the direct message between a person and Confab."""
        pair = {user, self.bot_user}
        return next(room.id for room in self.channels.values() if room.is_direct and room.members == pair)

    def thread_of(self, post: str) -> Channel | None:
        """Return the thread that was started from a post, if there is one: it has the post's own id."""
        return self.channels.get(post)

    def types(self, channel: str, user: str = BOT_USER) -> bool:
        """Say whether a channel shows that somebody, Confab unless another is named, types."""
        return self.board.typing.get((channel, user), 0.0) > time.monotonic()

    async def say(
        self,
        channel: str,
        content: str,
        user: str = roster.ADA,
        reference: str | None = None,
        attachments: Iterable[Attachment] = (),
        flags: Flag = NO_FLAGS,
        ping_replied: bool = True,
    ) -> str:
        """Write as a person, or as the other bot, and return the post's id. `reference` is the post it replies to."""
        post = Post(
            id=self.snowflakes.next(),
            channel=channel,
            user=user,
            content=content,
            kind=Kind.REPLY if reference else Kind.DEFAULT,
            attachments=list(attachments),
            flags=flags,
            reference=Reference(channel, reference) if reference else None,
        )
        self.threads.enter(self.channels[channel], user, content)
        self.board.publish(post, {**ANYBODY, "replied_user": ping_replied})
        await asyncio.sleep(0)
        return post.id

    async def say_raw(
        self,
        channel: str,
        replaced: Mapping[str, Any],
        *,
        missing: Iterable[str] = (),
        user: str = roster.ADA,
        reference: str | None = None,
    ) -> str:
        """Write a message whose JSON has these fields in place of its own, and lacks the `missing` ones; return its id.

        The gateway and REST show it the same: `say_raw(room, {"poll": {…, "expiry": None}})`.
        """
        post = Post(self.snowflakes.next(), channel, user, str(replaced.get("content") or ""))
        post.raw = RawFields(replaced, frozenset(missing))
        if reference:
            post.kind, post.reference = Kind.REPLY, Reference(channel, reference)
        self.board.publish(post, ANYBODY)
        await asyncio.sleep(0)
        return post.id

    async def send_event(self, event: str, data: Mapping[str, Any], *, direct: bool = False) -> None:
        """Send any event as it stands to the sessions whose intents take it; `direct` if it belongs to no guild."""
        self.gateway.dispatch(event, dict(data), direct=direct)
        await asyncio.sleep(0)

    async def forward(self, channel: str, source: str, post: str, user: str = roster.ADA) -> str:
        """Forward a post from the channel `source`, and return the new post's id: its text is in a snapshot alone."""
        shown = message_payloads.message(self.roster, self.channels[source].posts[post], nested=True)
        kept = ("type", "content", "embeds", "attachments", "timestamp", "edited_timestamp", "flags", "mentions",
                "mention_roles", "components", "sticker_items", "poll")  # fmt: skip
        new = Post(self.snowflakes.next(), channel, user, "", flags=Flag.HAS_SNAPSHOT)
        new.reference = Reference(source, post, forwards=True)
        new.snapshots = [{"message": {name: shown[name] for name in kept if name in shown}}]
        self.board.publish(new, ANYBODY)
        await asyncio.sleep(0)
        return new.id

    async def edit(self, channel: str, post: str, content: str) -> None:
        """Change a post's text as its author."""
        self.board.revise(self.channels[channel].posts[post], {"content": content}, ANYBODY)
        await asyncio.sleep(0)

    async def unfurl(self, channel: str, post: str) -> None:
        """Show a preview under a post that holds a link: a MESSAGE_UPDATE with the same text, and no edit."""
        preview = [{"type": "link", "url": "https://example.com/", "title": "Example"}]
        self.board.revise(self.channels[channel].posts[post], {"embeds": preview}, ANYBODY, edited=False)
        await asyncio.sleep(0)

    async def delete(self, channel: str, *posts: str) -> None:
        """Delete a post, or several at once, which arrive as one MESSAGE_DELETE_BULK."""
        if len(posts) == 1:
            self.board.remove(self.channels[channel].posts[posts[0]])
        else:
            self.board.remove_all(channel, list(posts))
        await asyncio.sleep(0)

    async def react(self, channel: str, post: str, emoji: str, user: str = roster.ADA) -> None:
        """Add a reaction, a Unicode emoji or `name:id`, as a person."""
        self.board.add_reaction(self.channels[channel].posts[post], emoji, user)
        await asyncio.sleep(0)

    async def type(self, channel: str, user: str = roster.ADA) -> None:
        """Begin to type as a person."""
        self.board.start_typing(channel, user)
        await asyncio.sleep(0)

    async def open_thread(
        self, channel: str, name: str, user: str = roster.ADA, post: str = "", *, private: bool = False
    ) -> str:
        """Start a thread as a person, from a post or without one, and return its id."""
        if post:
            thread = self.threads.start_from(self.channels[channel].posts[post], name, user)
        else:
            thread = self.threads.start(channel, name, user, "private_thread" if private else "public_thread")
        await asyncio.sleep(0)
        return thread.id

    async def archive(self, thread: str, *, locked: bool = False) -> None:
        """Archive a thread, and lock it so that only who manages threads can open it again."""
        self.threads.archive(self.channels[thread], locked=locked)
        await asyncio.sleep(0)

    async def open_post(self, forum: str, name: str, text: str, user: str = roster.ADA) -> str:
        """Post in a forum as a person, and return the id of the thread, which is that of its first message as well."""
        thread = self.threads.start_post(forum, name, user, text)
        await asyncio.sleep(0)
        return thread.id

    async def open_channel(self, name: str, kind: ChannelKind = "text") -> str:
        """Make a text channel or a forum, and return its id."""
        room = Channel(self.snowflakes.next(), kind, name)
        self.channels[room.id] = room
        self.board.send(room, "CHANNEL_CREATE", payloads.channel(self.roster, room))
        await asyncio.sleep(0)
        return room.id

    async def delete_channel(self, channel: str) -> None:
        """Delete a channel with its threads, or a thread."""
        room = self.channels[channel]
        for thread in self.roster.threads_of(channel):
            self.threads.delete(thread)
        if room.is_thread:
            self.threads.delete(room)
        else:
            self.board.send(room, "CHANNEL_DELETE", payloads.channel(self.roster, room))
            del self.channels[channel]
        await asyncio.sleep(0)

    async def permit(self, channel: str, *, allow: Permission = NOTHING, deny: Permission = NOTHING) -> None:
        """Set what Confab's role is given and denied in a channel; one that it comes to see brings its threads."""
        room, saw = self.channels[channel], self.roster.sees(BOT_USER, channel)
        room.overwrites[BOT_ROLE] = Overwrite(allow, deny)
        self.board.send(room, "CHANNEL_UPDATE", payloads.arrived(self.roster, room), seen=True)
        if not saw and self.roster.sees(BOT_USER, channel):
            self.threads.sync(channel)
        await asyncio.sleep(0)

    async def interact(
        self,
        command: str,
        channel: str,
        user: str = roster.ADA,
        options: dict[str, Any] | None = None,
        target: str = "",
    ) -> Interaction:
        """Use a slash command, or with the post `target` a message menu. Raises LookupError if none is registered.

        What is returned tells what became of it: `answered`, and `original`, the id of the answer's post.
        """
        interaction = self.interactions.use(command, channel, user, options or {}, target)
        await asyncio.sleep(0)
        return interaction

    async def press(self, channel: str, post: str, custom_id: str, user: str = roster.ADA) -> Interaction:
        """Press a button on a post."""
        interaction = self.interactions.press(channel, post, custom_id, user)
        await asyncio.sleep(0)
        return interaction

    async def choose(self, channel: str, post: str, custom_id: str, value: str, user: str = roster.ADA) -> Interaction:
        """Choose a value in a select menu on a post. Raises LookupError if it is not there."""
        interaction = self.interactions.choose(channel, post, custom_id, value, user)
        await asyncio.sleep(0)
        return interaction

    def attach(self, name: str, content: bytes, media_type: str = "", duration_secs: float | None = None) -> Attachment:
        """Upload a file that `say` can attach. With `duration_secs` it has what a voice note has; flag it VOICE."""
        waveform = None if duration_secs is None else "AAAA"
        file = Attachment(self.snowflakes.next(), name, media_type, content, "", duration_secs, waveform)
        self.attachments[file.id] = file
        return file

    def describe_state(self) -> str:
        """Say how many posts stand, who is connected, and what was called last."""
        last = ", ".join(f"{call.route} {call.status}" for call in list(self.calls)[-5:])
        standing = sum(len(room.posts) for room in self.channels.values())
        return f"{standing} posts, {self.connected} sessions connected, last calls: {last or 'none'}."
