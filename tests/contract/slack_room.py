"""The contract suite's room in the pretend Slack."""

import time
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal, TypeVar

from core.policy import Policies
from core.preferences.settings import PreferenceSettings
from core.turn_settings import TurnSettings
from deploy.sandbox.slack.buttons import buttons_on, press
from deploy.sandbox.slack.interactions import use_command, use_shortcut
from deploy.sandbox.slack.modals import read_view, submit_modal
from deploy.sandbox.slack.roster import slack_id
from deploy.sandbox.wire.server import Sandbox
from tests.contract.platform_room import QUICK, Breakage, Channel, Person, Platform, Recording, Said, ShownCard, Write
from tests.support.bot import Setup, running
from tests.support.moderated import Moderated
from tests.support.policies import policies_alone
from tests.support.tools import ToolSetup
from tests.support.voice import Voice

T = TypeVar("T")

PEOPLE = {"ada": "U0ADA1234", "grace": "U0GRACE12", "another bot": "U0DEPLOY1", "the bot": "U0CONFAB1"}
METHODS = {"post": "chat.postMessage", "edit": "chat.update"}


class SlackRoom:
    """Slack: every conversation is a thread."""

    broadcasts = (
        "<!channel>",
        "<!here>",
        "<!everyone|all>",
        "<!subteam^S0TEAM123>",
        "<@U0GRACE12>",
        "<@U0GRACE12|you>",
    )

    def __init__(self, sandbox: Sandbox, database: Path) -> None:
        self.hold: tuple[str, ...] = ()
        self.model = sandbox.model
        self._sandbox = sandbox
        self._database = database
        self._workspace = sandbox.workspace
        self._changes = sandbox.workspace.subscribe()
        self._queue = self._changes.__enter__()
        self._pinged: list[str] = []
        self._bot = AsyncExitStack()

    def name(self, person: Person) -> str:
        """Return the display name."""
        return self._workspace.users[PEOPLE[person]].name

    def rename(self, person: Person, name: str) -> None:
        """Change the display name."""
        users = self._workspace.users
        users[PEOPLE[person]] = replace(users[PEOPLE[person]], name=name)

    def mention(self, person: Person | Literal["the bot"]) -> str:
        """Return `<@U…>`."""
        return f"<@{PEOPLE[person]}>"

    async def say(self, text: str, *, by: Person = "ada", channel: Channel = "general") -> Said:
        """Write into a channel."""
        place = slack_id("C", channel)
        return Said(place, await self._workspace.say(place, text, PEOPLE[by]))

    async def tell(self, text: str, *, by: Person = "ada") -> Said:
        """Write into the direct message."""
        place = self._workspace.direct(PEOPLE[by])
        return Said(place, await self._workspace.say(place, text, PEOPLE[by]))

    async def go_on(self, said: Said, text: str, *, by: Person = "ada") -> Said:
        """Reply in the thread."""
        root = said.root or said.id
        return Said(said.place, await self._workspace.say(said.place, text, PEOPLE[by], root), root)

    async def reply_to(self, said: Said, text: str, *, by: Person = "ada") -> Said:
        """Slack has no replies but in threads."""
        raise NotImplementedError

    async def forward(self, said: Said, *, by: Person = "ada") -> Said:
        """Share the message, which is then an attachment."""
        post = self._workspace.channels[said.place].posts[said.id]
        user, body = self._workspace.users[post.user], self._workspace.body(post)
        shared: dict[str, Any] = {
            **{name: body[name] for name in ("text", "ts", "files") if name in body},
            "is_share": True,
            "is_msg_unfurl": True,
            "channel_id": said.place,
            "fallback": f"[{user.name}]",
            "author_id": user.id,
            "author_name": user.name,
            "message_blocks": [{"message": body}],
        }
        place = self._workspace.direct(PEOPLE[by])
        fields = {"text": "", "attachments": [shared]}
        return Said(place, await self._workspace.say_raw(place, fields, user=PEOPLE[by]))

    async def share(self, text: str, name: str, content: bytes, media_type: str, *, by: Person = "ada") -> Said:
        """Upload a file and share it."""
        file = await self._workspace.upload(name, content, media_type, PEOPLE[by])
        return Said("C0GENERAL", await self._workspace.say("C0GENERAL", text, PEOPLE[by], files=[file]))

    async def share_files(self, text: str, files: Mapping[str, bytes]) -> Said:
        """Upload files and share them in one message."""
        uploads = [await self._workspace.upload(*file, "application/octet-stream") for file in files.items()]
        return Said("C0GENERAL", await self._workspace.say("C0GENERAL", text, files=uploads))

    async def record(
        self, *notes: Recording, text: str = "", into: Said | Literal["direct", "channel"] = "direct"
    ) -> Said:
        """Share clips, or files."""
        files = [await self._uploaded(note) for note in notes]
        if isinstance(into, Said):
            root = into.root or into.id
            return Said(into.place, await self._workspace.say(into.place, text, "U0ADA1234", root, files), root)
        place = self._workspace.direct("U0ADA1234") if into == "direct" else "C0GENERAL"
        return Said(place, await self._workspace.say(place, text, "U0ADA1234", files=files))

    async def _uploaded(self, note: Recording) -> str:
        length = None if note.seconds is None else round(note.seconds * 1000)
        name = note.name or "audio_message"
        return await self._workspace.upload(name, note.content, note.media_type, "U0ADA1234", length)

    async def edit(self, said: Said, text: str) -> None:
        """Change a message."""
        await self._workspace.edit(said.place, said.id, text)

    def take_files_away(self, said: Said) -> None:
        """Delete the files; the message keeps their places."""
        post = self._workspace.channels[said.place].posts[said.id]
        gone = [replace(file, deleted=True) for file in post.files]
        self._workspace.revise(post, {"files": gone}, edited=False)

    async def delete(self, said: Said) -> None:
        """Delete a message; a root with replies leaves a tombstone."""
        await self._workspace.delete(said.place, said.id)

    async def delete_answer(self, said: Said) -> None:
        """Delete what the bot said last."""
        own = [post for post in self._workspace.thread(said.place, said.root or said.id) if post.bot_id]
        await self._workspace.delete(said.place, own[-1].ts)

    def answers(self, said: Said) -> list[str]:
        """Return the bot's replies in the thread."""
        posts = self._workspace.thread(said.place, said.root or said.id)
        return [post.shown for post in posts if post.user == PEOPLE["the bot"]]

    def cards(self, said: Said) -> list[ShownCard]:
        """Return the posts with an actions block in the thread."""
        return [
            ShownCard(said.place, post.ts, post.shown, {each["text"]["text"]: each for each in buttons_on(post)})
            for post in self._workspace.thread(said.place, said.root or said.id)
            if post.user == PEOPLE["the bot"] and buttons_on(post)
        ]

    async def press(self, card: ShownCard, label: str, by: Person = "ada") -> None:
        """Send block_actions."""
        assert not await press(self._workspace, card.place, card.id, card.buttons[label], PEOPLE[by])

    def whispers(self, by: Person = "ada") -> list[str]:
        """Return the ephemeral messages to a person."""
        return self._workspace.whispers(PEOPLE[by])

    def everything(self) -> list[str]:
        """Return the bot's posts in all channels, and its ephemeral messages."""
        posts = [post for channel in self._workspace.channels for post in self._workspace.posts(channel)]
        whispered = [post for _, post in self._workspace.whispered]
        return [post.shown for post in [*posts, *whispered] if post.user == PEOPLE["the bot"]]

    def dismiss(self, person: Person) -> None:
        """Deactivate their account."""
        user = self._workspace.users[PEOPLE[person]]
        self._workspace.users[user.id] = replace(user, deleted=True)

    def grant_faces(self) -> None:
        """Add the scope."""
        self._workspace.scopes.add("chat:write.customize")

    def author_of_answer(self, said: Said) -> str:
        """Return the name under which it was posted."""
        posts = self._workspace.thread(said.place, said.root or said.id)
        return [post for post in posts if post.user == PEOPLE["the bot"]][-1].username

    def pings(self) -> list[str]:
        """Return what was alive in any state of any post of the bot's."""
        while not self._queue.empty():
            post = self._queue.get_nowait().post
            self._pinged += post.pings if post and post.user == PEOPLE["the bot"] else []
        return self._pinged

    def slowed(self, write: Write) -> int:
        """Count the method's `ratelimited`."""
        return [(call.method, call.outcome) for call in self._workspace.calls].count((METHODS[write], "ratelimited"))

    def refusals(self) -> list[str]:
        """Return the error codes of chat.* calls."""
        calls = [call for call in self._workspace.calls if call.method.startswith("chat.")]
        return [call.outcome for call in calls if call.outcome not in {"ok", "ratelimited"}]

    async def until(self, predicate: Callable[[], T], timeout: float = 60.0) -> T:  # noqa: ASYNC109 - a bound
        """Wait for a change in the workspace."""
        return await self._workspace.until(predicate, timeout)

    async def use(self, text: str) -> None:
        """Type `/confab`."""
        await use_command(self._workspace, "C0GENERAL", text)

    async def ask_about(self, said: Said, by: Person) -> None:
        """Choose the message shortcut."""
        await use_shortcut(self._workspace, "confab_ask", said.place, said.id, PEOPLE[by])

    async def open_settings(self, by: Person = "ada") -> Mapping[str, str]:
        """Type `/confab settings`, which opens a modal."""
        await use_command(self._workspace, "C0GENERAL", "settings", PEOPLE[by])
        blocks = self._workspace.views.modals[PEOPLE[by]]["blocks"]
        inputs = {block["block_id"]: block["element"] for block in blocks if block["type"] == "input"}
        return {name: element["initial_option"]["value"] for name, element in inputs.items()}

    async def choose(self, values: Mapping[str, str], by: Person = "ada") -> None:
        """Send the modal."""
        assert not await submit_modal(self._workspace, values, PEOPLE[by])

    def shown_settings(self, by: Person = "ada") -> str:
        """Return the modal's texts."""
        return read_view(self._workspace.views.modals[PEOPLE[by]])

    def redeliver(self, times: int) -> None:
        """Deliver each envelope so often."""
        self._workspace.faults.deliveries = times

    def limit(self, write: Write, seconds: float) -> None:
        """Answer 429 to the method."""
        self._workspace.faults.rate_limited[METHODS[write]] = time.monotonic() + seconds

    def break_next(self, write: Write, how: Breakage, times: int = 1) -> None:
        """Break the method's next calls."""
        getattr(self._workspace.faults, how)[METHODS[write]] = times

    def fetched(self) -> int:
        """Count what was sent of all files."""
        return sum(file.fetched for file in self._workspace.files.values())

    def lose_files(self) -> None:
        """Answer 404 at every file's address."""
        self._workspace.faults.expired_files = True

    async def disconnect(self) -> None:
        """Refresh the Socket Mode connection."""
        opened = self._workspace.courier.sockets.opened
        await self._workspace.disconnect("refresh_requested")
        await self._workspace.until(lambda: self._workspace.courier.sockets.opened > opened)

    async def leave(self) -> None:
        """Stop the bot; Slack tries again soon what it cannot deliver meanwhile."""
        self._workspace.courier.retry_waits = (0.2, 0.2, 0.2, 1.0, 5.0)
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
        setup = Setup(
            policies=policies or policies_alone(),
            limits=limits,
            queue=queue,
            voice=voice or Voice(),
            moderation=moderation,
            preferences=preferences or PreferenceSettings(),
            tools=tools or ToolSetup(),
            hold=self.hold,
        )
        await self._bot.enter_async_context(running(self._sandbox, self._database, setup))
        await self._workspace.until(lambda: self._workspace.connected == 1)

    def close(self) -> None:
        """Watch no longer."""
        self._changes.__exit__(None, None, None)


@asynccontextmanager
async def _opened(sandbox: Sandbox, database: Path) -> AsyncIterator[SlackRoom]:
    """Return a room in which the bot is."""
    room = SlackRoom(sandbox, database)
    await room.join()
    try:
        yield room
    finally:
        await room.leave()
        room.close()


SLACK = Platform(
    _opened,
    frozenset(
        {
            *("hears what it missed", "a direct message begins a thread", "slash commands", "message menus"),
            *("channel context", "files earlier", "apps are heard", "forwards"),
        }
    ),
)
