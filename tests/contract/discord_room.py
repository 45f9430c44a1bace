"""The contract suite's room in the pretend Discord."""

import time
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Literal, TypeVar

from core.policy import Policies
from core.preferences.settings import PreferenceSettings
from core.turn_settings import TurnSettings
from deploy.sandbox.discord.content import buttons_on
from deploy.sandbox.discord.mentions import ANYBODY
from deploy.sandbox.discord.posts import NO_FLAGS, Flag, Post
from deploy.sandbox.discord.roster import ADA, BOT_USER, ENGINEERS, GENERAL, GRACE, OTHER_BOT_USER, RANDOM
from deploy.sandbox.wire.server import Sandbox
from tests.contract.platform_room import QUICK, Breakage, Channel, Person, Platform, Recording, Said, ShownCard, Write
from tests.support.discord_bot import DiscordSetup, running
from tests.support.discord_room import chosen, chosen_in_menus
from tests.support.moderated import Moderated
from tests.support.policies import policies_alone
from tests.support.tools import ToolSetup
from tests.support.voice import Voice

T = TypeVar("T")

PEOPLE = {"ada": ADA, "grace": GRACE, "another bot": OTHER_BOT_USER, "the bot": BOT_USER}
CHANNELS = {"general": GENERAL, "random": RANDOM}
ROUTES = {"post": "create_message", "edit": "edit_message"}


class DiscordRoom:
    """Discord: a mention in a channel opens a thread with the message's own id; a direct message is one flow."""

    broadcasts = ("@everyone", "@here", f"<@{GRACE}>", f"<@!{GRACE}>", f"<@&{ENGINEERS}>")

    def __init__(self, sandbox: Sandbox, database: Path) -> None:
        self.hold: tuple[str, ...] = ()
        self.model = sandbox.model
        self._sandbox = sandbox
        self._database = database
        self._guild = sandbox.guild
        self._bot = AsyncExitStack()
        self._settings: dict[Person, str] = {}

    def name(self, person: Person) -> str:
        """Return the display name."""
        return self._guild.users[PEOPLE[person]].global_name

    def rename(self, person: Person, name: str) -> None:
        """Change the display name."""
        users = self._guild.users
        users[PEOPLE[person]] = replace(users[PEOPLE[person]], global_name=name)

    def mention(self, person: Person | Literal["the bot"]) -> str:
        """Return `<@1>`."""
        return f"<@{PEOPLE[person]}>"

    async def say(self, text: str, *, by: Person = "ada", channel: Channel = "general") -> Said:
        """Write into a channel."""
        place = CHANNELS[channel]
        return Said(place, await self._guild.say(place, text, PEOPLE[by]))

    async def tell(self, text: str, *, by: Person = "ada") -> Said:
        """Write into the direct message."""
        place = self._guild.direct(PEOPLE[by])
        return Said(place, await self._guild.say(place, text, PEOPLE[by]))

    async def go_on(self, said: Said, text: str, *, by: Person = "ada") -> Said:
        """Write into the thread, which a person opens if there is none, or go on in a direct message."""
        root = said.root or said.id
        if self._guild.channels[said.place].is_direct:
            return Said(said.place, await self._guild.say(said.place, text, PEOPLE[by]), root)
        if not self._guild.thread_of(root):
            await self._guild.open_thread(said.place, "a thread", PEOPLE[by], root)
        return Said(root, await self._guild.say(root, text, PEOPLE[by]), root)

    async def reply_to(self, said: Said, text: str, *, by: Person = "ada") -> Said:
        """Reply to a message where it stands."""
        return Said(said.place, await self._guild.say(said.place, text, PEOPLE[by], reference=said.id))

    async def forward(self, said: Said, *, by: Person = "ada") -> Said:
        """Forward it into the direct message."""
        place = self._guild.direct(PEOPLE[by])
        return Said(place, await self._guild.forward(place, said.place, said.id, PEOPLE[by]))

    async def share(self, text: str, name: str, content: bytes, media_type: str, *, by: Person = "ada") -> Said:
        """Attach a file."""
        file = self._guild.attach(name, content, media_type)
        return Said(GENERAL, await self._guild.say(GENERAL, text, PEOPLE[by], attachments=[file]))

    async def share_files(self, text: str, files: Mapping[str, bytes]) -> Said:
        """Attach files to one message."""
        attached = [self._guild.attach(*file, "") for file in files.items()]
        return Said(GENERAL, await self._guild.say(GENERAL, text, attachments=attached))

    async def record(
        self, *notes: Recording, text: str = "", into: Said | Literal["direct", "channel"] = "direct"
    ) -> Said:
        """Send voice messages, each of which stands alone, or files."""
        files = [
            self._guild.attach(note.name or "voice-message.ogg", note.content, note.media_type, note.seconds)
            for note in notes
        ]
        alone = len(notes) == 1 and notes[0].seconds is not None and not text
        flags = Flag.VOICE if alone else NO_FLAGS
        place, root = await self._spot(into)
        return Said(place, await self._guild.say(place, text, PEOPLE["ada"], None, files, flags), root)

    async def _spot(self, into: Said | Literal["direct", "channel"]) -> tuple[str, str]:
        """Return where a message is to stand, and the root of its conversation; a thread is opened where it must be."""
        if not isinstance(into, Said):
            return (self._guild.direct(PEOPLE["ada"]) if into == "direct" else GENERAL), ""
        root = into.root or into.id
        if self._guild.channels[into.place].is_direct:
            return into.place, root
        if not self._guild.thread_of(root):
            await self._guild.open_thread(into.place, "a thread", PEOPLE["ada"], root)
        return root, root

    async def edit(self, said: Said, text: str) -> None:
        """Change a message."""
        await self._guild.edit(said.place, said.id, text)

    def take_files_away(self, said: Said) -> None:
        """Edit the message so that it has no files."""
        post = self._guild.channels[said.place].posts[said.id]
        self._guild.board.revise(post, {"attachments": []}, ANYBODY)

    async def delete(self, said: Said) -> None:
        """Delete a message; its thread stays."""
        await self._guild.delete(said.place, said.id)

    async def delete_answer(self, said: Said) -> None:
        """Delete what the bot said last."""
        own = self._posts(said)[-1]
        await self._guild.delete(own.channel, own.id)

    def answers(self, said: Said) -> list[str]:
        """Return the bot's messages in the thread or direct message; a very long answer ends in a file."""
        return [_read(post) for post in self._posts(said)]

    def cards(self, said: Said) -> list[ShownCard]:
        """Return the posts with a row of buttons."""
        return [
            ShownCard(
                post.channel,
                post.id,
                post.shown,
                {each["label"]: each["custom_id"] for each in buttons_on(post.components)},
            )
            for post in self._posts(said)
            if buttons_on(post.components)
        ]

    async def press(self, card: ShownCard, label: str, by: Person = "ada") -> None:
        """Use the component, and wait until that is acknowledged."""
        used = await self._guild.press(card.place, card.id, card.buttons[label], PEOPLE[by])
        await self._guild.until(lambda: used.answered)

    def whispers(self, by: Person = "ada") -> list[str]:
        """Return the ephemeral messages to a person, but for those that are still promised."""
        posts = [post for room in self._guild.channels.values() for post in room.posts.values()]
        return [post.shown for post in posts if post.seen_by == PEOPLE[by] and post.shown]

    def everything(self) -> list[str]:
        """Return the bot's messages everywhere."""
        return [post.shown for post in self._own()]

    def dismiss(self, person: Person) -> None:
        """Let them leave the server."""
        self._guild.roster.left.add(PEOPLE[person])

    def grant_faces(self) -> None:
        """Discord shows a persona by a heading."""

    def author_of_answer(self, said: Said) -> str:
        """Return the heading."""
        first, _, _ = self._posts(said)[-1].content.partition("\n")
        return first.strip("*") if first.startswith("**") and first.endswith("**") else ""

    def pings(self) -> list[str]:
        """Return every mention that ever notified somebody."""
        return [ping for post in self._own() for ping in post.pinged]

    def slowed(self, write: Write) -> int:
        """Count the route's 429s."""
        return [(call.route, call.status) for call in self._guild.calls].count((ROUTES[write], 429))

    def refusals(self) -> list[str]:
        """Return the statuses of calls that write."""
        calls = [call for call in self._guild.calls if call.route in ROUTES.values()]
        return [f"{call.status} {call.code}" for call in calls if call.status not in {200, 429}]

    async def until(self, predicate: Callable[[], T], timeout: float = 60.0) -> T:  # noqa: ASYNC109 - a bound
        """Wait for a change in the guild."""
        return await self._guild.until(predicate, timeout)

    async def use(self, text: str) -> None:
        """Use `/ask`, `/help`, or `/persona` with a name."""
        if text.startswith("persona"):
            _, _, name = text.partition(" ")
            await self._guild.interact("persona", GENERAL, options={"name": name} if name else {})
            return
        await self._guild.interact("ask" if text else "help", GENERAL, options={"question": text} if text else {})

    async def ask_about(self, said: Said, by: Person) -> None:
        """Choose from the message's menu."""
        await self._guild.interact("Ask Confab about this", said.place, PEOPLE[by], target=said.id)

    async def open_settings(self, by: Person = "ada") -> Mapping[str, str]:
        """Use `/confab settings`, which shows menus to one person alone."""
        used = await self._guild.interact("confab settings", GENERAL, PEOPLE[by])
        await self._guild.until(lambda: used.answered)
        self._settings[by] = used.original
        return chosen_in_menus(self._guild.channels[GENERAL].posts[used.original])

    async def choose(self, values: Mapping[str, str], by: Person = "ada") -> None:
        """Choose in each menu."""
        for name, value in values.items():
            menu = f"confab/settings/{name}"
            await chosen(self._guild, GENERAL, self._settings[by], menu, value, PEOPLE[by])

    def shown_settings(self, by: Person = "ada") -> str:
        """Return what stands between the menus."""
        return self._guild.channels[GENERAL].posts[self._settings[by]].shown

    def redeliver(self, times: int) -> None:
        """Dispatch each event so often."""
        self._guild.faults.deliveries = times

    def limit(self, write: Write, seconds: float) -> None:
        """Answer 429 on the route."""
        self._guild.faults.rate_limited[ROUTES[write]] = time.monotonic() + seconds

    def break_next(self, write: Write, how: Breakage, times: int = 1) -> None:
        """Break the route's next calls."""
        getattr(self._guild.faults, how)[ROUTES[write]] = times

    def fetched(self) -> int:
        """Count what was sent of all attachments."""
        return sum(file.fetched for file in self._guild.attachments.values())

    def lose_files(self) -> None:
        """Let every attachment's address expire."""
        self._guild.faults.expired_files = True

    async def disconnect(self) -> None:
        """Order a reconnect, after which the bot resumes."""
        resumed = self._guild.gateway.resumed
        self._guild.gateway.tell_reconnect()
        await self._guild.until(lambda: self._guild.gateway.resumed > resumed)

    async def leave(self) -> None:
        """Stop the bot."""
        await self._bot.aclose()

    async def join(
        self,
        policies: Policies | None = None,
        limits: TurnSettings = QUICK,
        queue: int = 50,
        voice: Voice | None = None,
        moderation: Moderated | None = None,
        preferences: PreferenceSettings | None = None,
        tools: ToolSetup | None = None,
    ) -> None:
        """Start the bot."""
        setup = DiscordSetup(
            policies=policies or policies_alone(),
            limits=limits,
            queue=queue,
            voice=voice or Voice(),
            moderation=moderation,
            preferences=preferences or PreferenceSettings(),
            tools=tools or ToolSetup(),
            hold=self.hold,
            grace=0.0,
        )
        await self._bot.enter_async_context(running(self._sandbox, self._database, setup))

    def _posts(self, said: Said) -> list[Post]:
        place = said.place if self._guild.channels[said.place].is_direct else said.root or said.id
        room = self._guild.channels.get(place)
        return [post for post in room.posts.values() if post.user == BOT_USER and not post.seen_by] if room else []

    def _own(self) -> list[Post]:
        posts = [post for room in self._guild.channels.values() for post in room.posts.values()]
        return [post for post in posts if post.user == BOT_USER]


def _read(post: Post) -> str:
    return post.shown or "\n".join(file.content.decode() for file in post.attachments)


@asynccontextmanager
async def _opened(sandbox: Sandbox, database: Path) -> AsyncIterator[DiscordRoom]:
    """Return a room in which the bot is; a client may identify as often as it likes."""
    sandbox.guild.gateway.identify_interval = 0.0
    room = DiscordRoom(sandbox, database)
    await room.join()
    try:
        yield room
    finally:
        await room.leave()


DISCORD = Platform(
    _opened,
    frozenset(
        {
            *("hears what it missed", "slash commands", "message menus", "channel context", "files earlier"),
            *("apps are heard", "forwards", "replied-to"),
        }
    ),
)
