"""The pretend workspace. Everything that a person or a test does in it goes through here."""

import asyncio
import time
import uuid
from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any, Literal

from deploy.sandbox.slack import events, roster
from deploy.sandbox.slack.calls import Call
from deploy.sandbox.slack.changes import Change
from deploy.sandbox.slack.courier import Courier
from deploy.sandbox.slack.faults import Faults
from deploy.sandbox.slack.invitations import Invitations
from deploy.sandbox.slack.limits import Limits
from deploy.sandbox.slack.posts import File, Post
from deploy.sandbox.slack.rich_text import rich_text
from deploy.sandbox.slack.rights import GRANTED, subscription_for
from deploy.sandbox.slack.roster import Channel, User
from deploy.sandbox.slack.threads import Threads
from deploy.sandbox.slack.view_state import Views
from deploy.sandbox.wire.platform import Platform
from deploy.sandbox.wire.raw import RawFields

# What the app's manifest subscribes to, and what it adds to Slack. Slack docs, Events API and App manifest.
SUBSCRIPTIONS = frozenset(
    {"app_mention", "message.channels", "message.groups", "message.im", "message.mpim", "app_home_opened"}
    | {"channel_left", "group_left", "channel_deleted", "group_deleted"}
)
COMMANDS = frozenset({"/confab"})
SHORTCUTS = frozenset({"confab_ask", "confab_stop", "confab_reset"})


class Workspace(Platform[Change, Limits]):
    """People, channels and one installed app, in memory.

    What a test may set: `faults`, `limits_on`, `scopes`, `subscriptions`, `commands`, `shortcuts`, `edit_window`
    (the seconds for which a message may be updated; None for ever), `distributed` (the app is sold outside the
    Marketplace, so it reads little history), the courier's `ack_timeout` and `retry_waits`, and the `lasts` of
    `invitations`.
    """

    team = roster.TEAM
    app_id = roster.APP
    bot_user = roster.BOT_USER
    bot_id = roster.BOT_ID
    bot_token = f"xoxb-{1:012}-{2:013}-{'sandbox':0<24}"  # of a real one's form; it opens nothing but this sandbox
    configuration_token = f"xoxe.xoxp-1-{4:064x}"  # a person's, to make apps with
    app_token = f"xapp-1-{roster.APP}-{3:013}-{0:064x}"  # the same
    signing_secret = "sandbox-signing-secret"  # noqa: S105 - the same

    def __init__(self) -> None:
        super().__init__(Limits())
        self.url = ""
        self.users: dict[str, User] = {user.id: user for user in roster.everybody()}
        self.channels: dict[str, Channel] = {channel.id: channel for channel in roster.rooms()}
        self.files: dict[str, File] = {}
        self.faults = Faults()
        self.calls: deque[Call] = deque(maxlen=2000)
        self.scopes: set[str] = set(GRANTED)
        self.subscriptions: set[str] = set(SUBSCRIPTIONS)
        self.commands: set[str] = set(COMMANDS)
        self.shortcuts: set[str] = set(SHORTCUTS)
        self.invitations = Invitations()
        self.views = Views()
        self.whispered: deque[tuple[str, Post]] = deque(maxlen=1000)
        self.edit_window: float | None = None
        self.distributed = False
        self.threads = Threads(self.changes)
        self.courier = Courier(self.faults, self.signing_secret, self.changes.wake)
        self._last_stamp = 0

    @property
    def connected(self) -> int:
        """How many Socket Mode connections are open."""
        return len(self.courier.sockets)

    @property
    def files_base(self) -> str:
        """The address under which this workspace's files are served."""
        return f"{self.url}/slack/files/{self.team}"

    def posts(self, channel: str) -> list[Post]:
        """Return everything in a channel, replies too, oldest first."""
        return list(self.channels[channel].posts.values())

    def thread(self, channel: str, ts: str) -> list[Post]:
        """Return a root and its replies, oldest first; only the replies if the root is gone."""
        room = self.channels[channel]
        root = [room.posts[ts]] if ts in room.posts else []
        return root + room.replies(ts)

    def whispers(self, user: str) -> list[str]:
        """Return what a person alone was shown, oldest first; what Slack itself said is by Slackbot."""
        return [post.shown for reader, post in self.whispered if reader == user]

    def direct(self, user: str) -> str:
        """Return the id of the channel in which a person and Confab talk to each other alone."""
        pair = {user, self.bot_user}
        return next(room.id for room in self.channels.values() if room.kind == "im" and room.members == pair)

    async def say(
        self,
        channel: str,
        text: str,
        user: str = "U0ADA1234",
        thread_ts: str | None = None,
        files: Iterable[str] = (),
        broadcast: bool = False,
    ) -> str:
        """Write as a person, or as the other bot, and return the new ts. `files` are ids that `upload` gave."""
        attached = [self.files[file] for file in files]
        subtype = "file_share" if attached else "thread_broadcast" if broadcast else ""
        post = Post(
            ts=self.stamp(),
            channel=channel,
            user=user,
            text=text,
            blocks=rich_text(text),
            thread_ts=thread_ts,
            files=attached,
            subtype=subtype,
            bot_id=self.users[user].bot_id,
            client_msg_id="" if self.users[user].is_bot else str(uuid.uuid4()),
        )
        self.publish(post)
        await asyncio.sleep(0)
        return post.ts

    async def say_raw(
        self,
        channel: str,
        replaced: Mapping[str, Any],
        *,
        missing: Iterable[str] = (),
        user: str = "U0ADA1234",
        thread_ts: str | None = None,
    ) -> str:
        """Write a message whose JSON has these fields in place of its own, and lacks the `missing` ones; return its ts.

        Events, history and replies show it the same: `say_raw(room, {"text": "Hi", "files": None})`.
        """
        text = str(replaced.get("text") or "")
        post = Post(self.stamp(), channel, user, text, thread_ts=thread_ts, bot_id=self.users[user].bot_id)
        post.raw = RawFields(replaced, frozenset(missing))
        self.publish(post)
        await asyncio.sleep(0)
        return post.ts

    async def send_event(self, event: Mapping[str, Any]) -> str:
        """Send the app any event as it stands, whatever it subscribed to, and return the event_id."""
        sent = self.courier.deliver(dict(event))
        await asyncio.sleep(0)
        return sent

    async def edit(self, channel: str, ts: str, text: str) -> None:
        """Change a post's text as its author."""
        self.revise(self.channels[channel].posts[ts], {"text": text, "blocks": rich_text(text)})
        await asyncio.sleep(0)

    async def delete(self, channel: str, ts: str) -> None:
        """Delete a post as its author; a root that has replies leaves a tombstone."""
        self.remove(self.channels[channel].posts[ts])
        await asyncio.sleep(0)

    async def upload(
        self, name: str, content: bytes, media_type: str, user: str = "U0ADA1234", duration_ms: int | None = None
    ) -> str:
        """Upload a file that `say` can share, and return its id. `audio_message…` makes it a recorded clip."""
        await asyncio.sleep(0)
        return self.keep_file(name, content, media_type, user, duration_ms).id

    async def unfurl(self, channel: str, ts: str) -> None:
        """Show a preview under a post that holds a link: a message_changed with the same text and no `edited`."""
        preview = [{"id": 1, "from_url": "https://example.com/", "title": "Example"}]
        self.revise(self.channels[channel].posts[ts], {"attachments": preview}, edited=False)
        await asyncio.sleep(0)

    async def open_messages(self, user: str) -> None:
        """Open the direct message with Confab as a person does: app_home_opened, tab `messages`."""
        room, now = self.channels[self.direct(user)], self.stamp()
        opened = {"type": "app_home_opened", "user": user, "channel": room.id, "tab": "messages", "event_ts": now}
        self._send(room, [opened])
        await asyncio.sleep(0)

    async def disconnect(self, reason: Literal["warning", "refresh_requested", "link_disabled"]) -> None:
        """Tell every open socket to go, for one of Slack's reasons, and close it (a `warning` leaves it open)."""
        await self.courier.sockets.disconnect(reason)

    async def register(self, url: str) -> bool:
        """Deliver events by signed HTTP to this URL from now on, if it answers the url_verification."""
        self.courier.endpoint.url = url
        accepted = await self.courier.verify()
        self.courier.endpoint.url = url if accepted else ""
        return accepted

    def stamp(self) -> str:
        """Return the ts of something that happens now: seconds with six decimals, later than every one before."""
        self._last_stamp = max(time.time_ns() // 1000, self._last_stamp + 1)
        return f"{self._last_stamp // 1_000_000}.{self._last_stamp % 1_000_000:06d}"

    def keep_file(self, name: str, content: bytes, media_type: str, user: str, duration_ms: int | None = None) -> File:
        """Store a file under a new id."""
        file = File(f"F0{len(self.files):07d}", name, media_type, content, user, name, int(time.time()), duration_ms)
        self.files[file.id] = file
        return file

    def publish(self, post: Post) -> None:
        """Put a post into its channel and send the events that a real Slack sends for it."""
        room = self.channels[post.channel]
        room.add(post)
        for file in post.files:
            file.shared.append(room.id)
        self.changes.tell(Change("posted", room.id, post.ts, post))
        if post.user == self.bot_user and post.is_reply:
            self.threads.set_status(room.id, str(post.thread_ts), "")
        body = self.body(post)
        self._send(room, self._events_of(post, room, body))

    def whisper(self, user: str, post: Post) -> None:
        """Show a post to one person alone; no channel holds it."""
        self.whispered.append((user, post))
        self.changes.tell(Change("ephemeral", post.channel, post.ts, post, user))

    def revise(self, post: Post, values: dict[str, Any], *, edited: bool = True) -> None:
        """Change a post's fields and send message_changed, also for the app's own update or an unfurl."""
        room, before = self.channels[post.channel], self.body(post)
        for name, value in values.items():
            setattr(post, name, value)
        event_ts = self.stamp()
        if edited:
            post.edited = event_ts
        body = self.body(post)
        self.changes.tell(Change("edited", room.id, post.ts, post))
        sent = [events.changed(body, before, room, event_ts)]
        if edited and self._mentions(post):  # at every edit, as reported in slackapi/bolt-js#960
            sent.append(events.placed(body, room, as_mention=True))
        self._send(room, sent)

    def remove(self, post: Post) -> None:
        """Delete a post. A root with replies becomes a tombstone, which arrives as a message_changed."""
        room, before, event_ts = self.channels[post.channel], self.body(post), self.stamp()
        kept = replace(post)
        if room.replies(post.ts):
            post.user, post.subtype, post.text = roster.SLACKBOT, "tombstone", "This message was deleted."
            post.blocks, post.files, post.attachments, post.bot_id, post.client_msg_id = [], [], [], "", ""
            event = events.changed({**self.body(post), "hidden": True}, before, room, event_ts)
        else:
            room.drop(post)
            event = events.deleted(before, room, event_ts)
        self.changes.tell(Change("deleted", room.id, post.ts, kept))
        self._send(room, [event])

    def body(self, post: Post) -> events.Event:
        """Return a post as history and events show it."""
        return events.message(post, self.channels[post.channel], self.users.get(post.user), self.files_base)

    def _events_of(self, post: Post, room: Channel, body: events.Event) -> list[events.Event]:
        sent = [events.placed(body, room)]
        if self._mentions(post):
            mention = events.placed(body, room, as_mention=True)
            sent.insert(1 if self.faults.message_first else 0, mention)
        return sent

    def _mentions(self, post: Post) -> bool:
        """Whether an app_mention follows: never in a direct message, never for the app's own words."""
        if post.user == self.bot_user or self.channels[post.channel].kind == "im":
            return False
        return f"<@{self.bot_user}>" in post.pings

    def _send(self, room: Channel, sent: list[events.Event]) -> None:
        """Deliver what the app subscribed to, from channels that it is in."""
        if self.bot_user not in room.members:
            return
        for event in sent:
            kind = event.get("type")  # an odd one, too, is of a message in this channel
            name = kind if isinstance(kind, str) and kind != "message" else subscription_for(room)
            if name in self.subscriptions:
                self.courier.deliver(event)

    def describe_state(self) -> str:
        """Say how many posts stand, who is connected, and what was called last."""
        last = ", ".join(f"{call.method} {call.outcome}" for call in list(self.calls)[-5:])
        standing = sum(len(room.posts) for room in self.channels.values())
        return f"{standing} posts, {self.connected} sockets, last calls: {last or 'none'}."
