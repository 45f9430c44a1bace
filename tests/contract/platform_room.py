"""What the contract suite asks of a platform: a room in which people talk, and the bot with them.

Everything is said in people's terms. A message is known by where it stands and by its id; the conversation that it
began is found by the message itself, wherever the platform holds it (a thread, or in place).
"""

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, Protocol, TypeVar

from core.policy import Policies
from core.preferences.settings import PreferenceSettings
from core.turn_settings import TurnSettings
from deploy.sandbox.openai.model import Model
from deploy.sandbox.wire.server import Sandbox
from tests.support.moderated import Moderated
from tests.support.tools import ToolSetup
from tests.support.voice import Voice

T = TypeVar("T")
QUICK = TurnSettings(retry_pause=0.05)

Person = Literal["ada", "grace", "another bot"]
Channel = Literal["general", "random"]
Breakage = Literal["dropped_reply", "reset", "server_error"]
Write = Literal["post", "edit"]
Capability = Literal[
    "hears what it missed",
    "a direct message begins a thread",
    "slash commands",
    "message menus",
    "channel context",
    "files earlier",
    "apps are heard",
    "forwards",
    "replied-to",
]


@dataclass(frozen=True, slots=True)
class Said:
    """A message of a person: the platform's own ids of the place where it stands, and of itself.

    `root` is the message that began the conversation in which it was said, empty where that is itself.
    """

    place: str
    id: str
    root: str = ""


@dataclass(frozen=True, slots=True)
class ShownCard:
    """A message of the bot's with buttons, as somebody saw it: their words, and what the platform knows them by."""

    place: str
    id: str
    text: str
    buttons: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Recording:
    """A voice note, or with `seconds` None a file that somebody attached. Without a `name` it is named as there."""

    content: bytes
    media_type: str = ""
    name: str = ""
    seconds: float | None = 2.3


class Room(Protocol):
    """One platform, with people, the bot, the model behind it, and what goes wrong on request."""

    model: Model
    hold: tuple[str, ...]
    """The scopes of the legal hold under which the bot starts next."""

    @property
    def broadcasts(self) -> Sequence[str]:
        """Texts that would notify many people, or one, if the bot wrote them as they stand."""

    def name(self, person: Person) -> str:
        """Return what the model is told that a person is called."""

    def rename(self, person: Person, name: str) -> None:
        """Let a person go by another name."""

    def mention(self, person: Person | Literal["the bot"]) -> str:
        """Return what stands in a text for a mention."""

    async def say(self, text: str, *, by: Person = "ada", channel: Channel = "general") -> Said:
        """Write into a channel."""

    async def tell(self, text: str, *, by: Person = "ada") -> Said:
        """Write to the bot directly."""

    async def go_on(self, said: Said, text: str, *, by: Person = "ada") -> Said:
        """Write into the conversation that a message began; where it has no thread yet, a person opens one."""

    async def reply_to(self, said: Said, text: str, *, by: Person = "ada") -> Said:
        """Reply to a message where it stands, where a platform has that ("replied-to")."""

    async def forward(self, said: Said, *, by: Person = "ada") -> Said:
        """Forward a message to the bot directly, without a word ("forwards")."""

    async def share(self, text: str, name: str, content: bytes, media_type: str, *, by: Person = "ada") -> Said:
        """Write into a channel with a file."""

    async def share_files(self, text: str, files: Mapping[str, bytes]) -> Said:
        """Write into the channel `general` as Ada with up to ten files, by their names, of no kind that is told."""

    async def record(
        self, *notes: Recording, text: str = "", into: Said | Literal["direct", "channel"] = "direct"
    ) -> Said:
        """Send recordings as Ada: directly, into the channel `general`, or into a conversation."""

    async def edit(self, said: Said, text: str) -> None:
        """Change a message as its author."""

    def take_files_away(self, said: Said) -> None:
        """Delete the files of a message, as its author, who leaves its text as it is."""

    async def delete(self, said: Said) -> None:
        """Delete a message as its author."""

    async def delete_answer(self, said: Said) -> None:
        """Delete the newest message of the bot in a conversation, as a moderator may."""

    def answers(self, said: Said) -> list[str]:
        """Return what a person reads of the bot in the conversation that a message began, oldest first."""

    def cards(self, said: Said) -> list[ShownCard]:
        """Return the bot's messages with buttons in a conversation, oldest first."""

    async def press(self, card: ShownCard, label: str, by: Person = "ada") -> None:
        """Press a button of a card, which may have changed since it was seen."""

    def whispers(self, by: Person = "ada") -> list[str]:
        """Return what the bot has told a person alone, oldest first."""

    def everything(self) -> list[str]:
        """Return what the bot has written anywhere, also for one person alone."""

    def dismiss(self, person: Person) -> None:
        """Let a person leave for good."""

    def grant_faces(self) -> None:
        """Let the bot show a persona as an answer's author, where a platform has that."""

    def author_of_answer(self, said: Said) -> str:
        """Return as whom the last answer in a conversation is shown, empty for the bot itself."""

    def pings(self) -> list[str]:
        """Return every mention in what the bot wrote that notified somebody, by its creation or by an edit since."""

    def slowed(self, write: Write) -> int:
        """Return how many calls of this kind the platform refused as too frequent."""

    def refusals(self) -> list[str]:
        """Return the codes with which the platform refused the bot's writing, rate limits aside."""

    async def until(self, predicate: Callable[[], T], timeout: float = 60.0) -> T:  # noqa: ASYNC109 - a bound
        """Return what `predicate` gives once it is true; TimeoutError after `timeout` seconds."""

    async def use(self, text: str) -> None:
        """Ask by slash command in the channel `general`, as Ada; without a text for help."""

    async def ask_about(self, said: Said, by: Person) -> None:
        """Choose the question about a message from its menu."""

    async def open_settings(self, by: Person = "ada") -> Mapping[str, str]:
        """Open the settings in the channel `general`; return what is chosen of each that can be set, by its id.

        Ada administers the place, and Grace does not.
        """

    async def choose(self, values: Mapping[str, str], by: Person = "ada") -> None:
        """Choose values in the settings that a person opened last."""

    def shown_settings(self, by: Person = "ada") -> str:
        """Return all that the settings which a person opened show now, but for the options."""

    def redeliver(self, times: int) -> None:
        """Let every event arrive so often."""

    def limit(self, write: Write, seconds: float) -> None:
        """Let the platform refuse this kind of call as too frequent, for some time from now on."""

    def break_next(self, write: Write, how: Breakage, times: int = 1) -> None:
        """Let the next calls of this kind go wrong."""

    def fetched(self) -> int:
        """Return how often the content of a file was sent to the bot."""

    def lose_files(self) -> None:
        """Let every file be gone."""

    async def disconnect(self) -> None:
        """Close the bot's connection, as the platform does in the course of things."""

    async def leave(self) -> None:
        """Stop the bot at once, as a kill would: what it was saying stays as it stands."""

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
        """Start the bot, on the database that it had before."""


@dataclass(frozen=True, slots=True)
class Platform:
    """How a platform's room is opened over a sandbox and a database, and what it can do beyond what every one must.

    A test that needs a capability is left out where that is not declared, and for no other reason.
    """

    opened: Callable[[Sandbox, Path], AbstractAsyncContextManager[Room]]
    capabilities: frozenset[Capability]


async def answered(room: Room, said: Said, number: int = 1) -> list[str]:
    """Wait until the bot has written so many messages in a conversation; return them."""
    await room.until(lambda: len(room.answers(said)) >= number)
    return room.answers(said)


async def ask(room: Room, text: str, *, by: Person = "ada", channel: Channel = "general") -> Said:
    """Mention the bot in a channel and wait for its answer."""
    said = await room.say(f"{room.mention('the bot')} {text}", by=by, channel=channel)
    await answered(room, said)
    return said


async def settled(room: Room) -> None:
    """Wait until whatever was said before has been heard: events keep their order, so that a last question tells."""
    seen = len(room.model.requests)
    await ask(room, "is that all?", by="grace", channel="random")
    assert len(room.model.requests) > seen


def told(room: Room, number: int) -> list[str]:
    """Return what the model was told in its call number `number`, from 0, without the instructions."""
    messages = room.model.requests[number].body["messages"]
    return [message["content"] for message in messages if message["role"] != "system"]
