"""What a person can let go wrong with the pretend Discord."""

from collections.abc import Sequence
from dataclasses import dataclass

from deploy.sandbox.discord.guild import Guild
from deploy.sandbox.discord.permissions import NOTHING, Overwrite, Permission
from deploy.sandbox.discord.roster import BOT_ROLE, Channel
from deploy.sandbox.page.faults import Button, Kind, Label, NextCall, PageFault, RateLimit, Switch

GATEWAY = "Discord's gateway"
API = "Discord's API"
RIGHTS = "Confab's rights on Discord"


@dataclass(slots=True)
class NoThreads:
    """The bot may not open threads in any channel that it sees."""

    label: Label
    guild: Guild
    kind: Kind = "switch"
    choices: Sequence[str] = ()

    @property
    def value(self) -> bool:
        """Whether the right is missing somewhere."""
        return any(Permission.CREATE_PUBLIC_THREADS in self._overwrite(room).deny for room in self._seen())

    async def set(self, value: bool | str) -> None:
        """Take the right away in each channel, or give it back."""
        for room in self._seen():
            await self.guild.permit(room.id, deny=Permission.CREATE_PUBLIC_THREADS if value else NOTHING)

    def _overwrite(self, room: Channel) -> Overwrite:
        return room.overwrites.get(BOT_ROLE, Overwrite())

    def _seen(self) -> list[Channel]:
        rooms = list(self.guild.channels.values())
        return [room for room in rooms if room.kind == "text" and self.guild.roster.sees(self.guild.bot_user, room.id)]


def faults(guild: Guild) -> list[PageFault]:
    """Return the faults in the order in which the page shows them."""
    discord, gateway = guild.faults, guild.gateway
    twice = Label("deliveries", GATEWAY, "Deliver every message twice", "The same event comes again in one session.")
    drop = Label("drop", GATEWAY, "Drop the socket", "Without a word. The bot resumes, and what it missed comes then.")
    order = Label("reconnect", GATEWAY, "Order to reconnect", "Opcode 7, as at each of Discord's deployments.")
    invalid = Label("invalid", GATEWAY, "Invalid session", "Opcode 9: the bot begins anew, and nothing is sent again.")
    silent = Label("silent", GATEWAY, "Silent sockets", "No event and no heartbeat comes until the bot notices.")
    refuse = Label("refuse", GATEWAY, "Refuse new sockets", "A new connection is turned away with 503.")
    edits = Label("limit_edits", API, "429 on edits", "Edits of messages are refused for ten seconds.")
    posts = Label("limit_posts", API, "429 on new messages", "New messages are refused for ten seconds.")
    error = Label("server_error", API, "The next message fails", "One answers 503, and nothing is posted.")
    lost = Label("dropped_reply", API, "The next reply is lost", "A message is posted, and the connection cut then.")
    slow = Label("slow", API, "Every call takes two seconds", "A long way to Discord, or a busy day there.")
    files = Label("expired_files", API, "Files are gone", "Every attachment's address answers 404.")
    deaf = Label("no_content", RIGHTS, "No message content", "The intent's switch, from the next session on.")
    threads = Label("no_threads", RIGHTS, "No right to open threads", "In every channel; replies stay possible.")
    return [
        Switch(twice, discord, "deliveries", on=2, off=1),
        Button(drop, gateway.drop),
        Button(order, gateway.tell_reconnect),
        Button(invalid, gateway.invalidate),
        Switch(silent, discord, "silent_sockets"),
        Switch(refuse, discord, "refuse_sockets"),
        RateLimit(edits, discord.rate_limited, "edit_message"),
        RateLimit(posts, discord.rate_limited, "create_message"),
        NextCall(error, discord.server_error, "create_message"),
        NextCall(lost, discord.dropped_reply, "create_message"),
        Switch(slow, discord, "slow", on={"*": 2.0}, off={}),
        Switch(files, discord, "expired_files"),
        Switch(deaf, guild, "message_content", on=False, off=True),
        NoThreads(threads, guild),
    ]
