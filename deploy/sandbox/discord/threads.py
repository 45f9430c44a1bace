"""Threads: opened, joined, archived, opened again (Discord docs, Threads)."""

from datetime import UTC, datetime

from deploy.sandbox.discord import payloads
from deploy.sandbox.discord.board import Board, Change
from deploy.sandbox.discord.mentions import ANYBODY, named
from deploy.sandbox.discord.posts import Flag, Kind, Post, Reference
from deploy.sandbox.discord.roster import BOT_USER, GUILD, Channel, ChannelKind
from deploy.sandbox.discord.snowflakes import Snowflakes


class Threads:
    """What happens to threads, and the events that Discord sends for it."""

    def __init__(self, board: Board, snowflakes: Snowflakes) -> None:
        self._board = board
        self._roster = board.roster
        self._snowflakes = snowflakes

    def start_from(self, post: Post, name: str, owner: str, minutes: int = 4320) -> Channel:
        """Start a public thread from a message; it has the message's id, and begins with a system message."""
        thread = Channel(post.id, "public_thread", name, post.channel, owner, {owner}, archive_minutes=minutes)
        post.thread = thread.id
        self._begin(thread)
        self._board.revise(post, {"flags": post.flags | Flag.HAS_THREAD}, {}, edited=False)
        starter = Post(self._snowflakes.next(), thread.id, post.user, "", Kind.THREAD_STARTER)
        starter.reference = Reference(post.channel, post.id)
        self._board.publish(starter, {})
        return thread

    def start(self, parent: str, name: str, owner: str, kind: ChannelKind, minutes: int = 4320) -> Channel:
        """Start a thread without a message; the channel tells of a public one in a system message."""
        thread = Channel(self._snowflakes.next(), kind, name, parent, owner, {owner}, archive_minutes=minutes)
        self._begin(thread)
        if kind == "public_thread":
            told = Post(self._snowflakes.next(), parent, owner, name, Kind.THREAD_CREATED)
            told.reference = Reference(thread.id, "")
            self._board.publish(told, {})
        return thread

    def start_post(self, forum: str, name: str, owner: str, text: str) -> Channel:
        """Start a forum's thread, whose first message has its id (Discord docs, Start Thread in Forum Channel)."""
        thread = Channel(self._snowflakes.next(), "public_thread", name, forum, owner, {owner})
        self._begin(thread)
        self._board.publish(Post(thread.id, thread.id, owner, text), ANYBODY)
        return thread

    def _begin(self, thread: Channel) -> None:
        self._roster.channels[thread.id] = thread
        self._board.changes.tell(Change("thread", thread.id))
        self._send(thread, "THREAD_CREATE", {**payloads.channel(self._roster, thread), "newly_created": True})

    def join(self, thread: Channel, person: str) -> None:
        """Let somebody join; who is there already stays."""
        if person in thread.members:
            return
        thread.members.add(person)
        if person == BOT_USER and thread.kind == "private_thread":
            self._send(thread, "THREAD_CREATE", payloads.channel(self._roster, thread))
        self._send(thread, "THREAD_MEMBERS_UPDATE", self._members(thread, [person], []))

    def leave(self, thread: Channel, person: str) -> None:
        """Let somebody leave."""
        if person in thread.members:
            change = self._members(thread, [], [person])
            self._send(thread, "THREAD_MEMBERS_UPDATE", change)
            thread.members.discard(person)

    def _members(self, thread: Channel, added: list[str], removed: list[str]) -> payloads.Payload:
        shown = [payloads.thread_member(thread, person) for person in added]
        count = len(thread.members) - len(removed)
        return {"id": thread.id, "member_count": count, "added_members": shown, "removed_member_ids": removed}

    def archive(self, thread: Channel, *, archived: bool = True, locked: bool = False) -> None:
        """Archive a thread, or open it again."""
        thread.archived, thread.locked, thread.archived_at = archived, locked, datetime.now(UTC)
        self.changed(thread)

    def enter(self, room: Channel, person: str, text: str) -> None:
        """Open an archived thread in which somebody writes; they and whom their text names join it."""
        if not room.is_thread:
            return
        if room.archived:
            self.archive(room, archived=False, locked=room.locked)
        for each in (person, *named(text)):
            if each in self._roster.users:
                self.join(room, each)

    def changed(self, thread: Channel) -> None:
        """Send THREAD_UPDATE."""
        self._board.changes.tell(Change("thread", thread.id))
        self._send(thread, "THREAD_UPDATE", payloads.channel(self._roster, thread))

    def delete(self, thread: Channel) -> None:
        """Delete a thread with everything in it."""
        data = {"id": thread.id, "parent_id": thread.parent, "type": payloads.TYPES[thread.kind]}
        self._send(thread, "THREAD_DELETE", data)
        del self._roster.channels[thread.id]
        self._board.changes.tell(Change("thread", thread.id))

    def sync(self, parent: str) -> None:
        """Send THREAD_LIST_SYNC, as when Confab comes to see a channel."""
        active = [room for room in self._roster.threads_of(parent) if not room.archived]
        data = {
            "guild_id": GUILD,
            "channel_ids": [parent],
            "threads": [payloads.channel(self._roster, room) for room in active],
            "members": [payloads.thread_member(room, each) for room in active for each in sorted(room.members)],
        }
        self._board.gateway.dispatch("THREAD_LIST_SYNC", data)

    def _send(self, thread: Channel, event: str, data: payloads.Payload) -> None:
        self._board.send(thread, event, data)
