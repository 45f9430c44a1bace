"""The nouns that everything else speaks of."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from typing import Literal

from core.channel_gone import ChannelGone
from core.errors import BotError
from core.face import Face

Role = Literal["system", "user", "assistant", "tool"]
Origin = Literal["", "channel"]
Command = Literal[
    "", "ask", "edit", "stop", "reset", "memory", "persona", "settings", "help", "deleted", "full", "unheard", "click",
    "privacy", "export me", "forget me", "forget this", "leave me out", "read me again", "usage", "uncap", "sources",
    "reminders", "reminder", "scheduled", "notice", "ask again",
]  # fmt: skip
Standing = Literal["alone", "member", "administrator"]  # where one writes; `alone` is in a direct message
MOST_FILES = 20  # of one message that are read
NOTICE = "-notice"  # behind a turn's id: what is said below an answer that could not be shown to its end


@dataclass(frozen=True, slots=True)
class ConversationKey:
    """Where a conversation is held.

    `workspace` is the installed Slack team or the Discord guild, never the author's own. `thread` is the id of
    the message that began the thread, and empty where a platform has one flow (a direct message on Discord).
    """

    platform: str
    workspace: str
    channel: str
    thread: str

    def __str__(self) -> str:
        """Return the key as one line for a log: `slack/T1/C1/1700000000.000100`."""
        return f"{self.platform}/{self.workspace}/{self.channel}/{self.thread}"


@dataclass(frozen=True, slots=True)
class Author:
    """Who wrote a message. A guest in a shared channel has a workspace of their own.

    `roles` are ids, as on Discord, None where they are not known. `is_bot` is an app or a webhook: what it writes is
    never for the bot, but may stand above a question.
    """

    id: str
    name: str
    is_bot: bool = False
    workspace: str = ""
    roles: tuple[str, ...] | None = ()


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file that came with a message, as plain data, so that the message can wait in the inbox.

    `size` is in bytes, `duration` in seconds; both None where the platform does not say.
    """

    id: str
    name: str
    media_type: str
    url: str
    size: int | None = None
    duration: float | None = None
    is_voice_note: bool = False


@dataclass(frozen=True, slots=True)
class Quotation:
    """Another's part of a message: who wrote it, its part of the text, of `others`, and the ids of its files.

    `author` has no id where the platform does not tell it; `text` is empty where it is files alone.
    """

    author: Author
    text: str
    others: tuple[str, ...] = ()
    files: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Message:
    """What a person wrote. (platform, workspace, channel, id) is unique, and ends every redelivery.

    `sent_at` is in seconds since the epoch, by the platform's clock. `addressed` says that the bot is meant whether or
    not it takes part in the thread already; `follow_up` that it is meant if it does. `command` is what it tells the bot
    to do instead of asking it; `ask` stands in no message, as a slash command: it is posted first, and answered under
    what was posted; `edit` changes the message `about` in the history; `deleted` is a question that is gone, `full` one
    for which there was no room, and `unheard` a voice note that the platform hides, with its word on that as the text.
    `reminder` is what its author is told by the clock, `scheduled` an `ask` that comes by it, and `notice` what is said
    as it stands. `about` is the id of the message that it quotes, in another channel as `reference_of` has it: once
    it is gone, so is this. `handle` is what is needed to reply beside the key. `others` is what stands
    in the text but is not its author's: quotations, and people's names. `standing` is the author's rank there, told
    with a command whose answer depends on it. `is_awaited` says that the platform shows an answer as awaited until one
    comes, as for a command. `zone` is the author's time zone by its IANA name, if told. `quotations` are the parts that
    others wrote. `is_closed` says that it stands in a thread that its members alone see. A `click` on a card is a
    conversation of its own, under the card. `is_alone` says that nobody but its author and the bot reads its answer.
    """

    id: str
    key: ConversationKey
    author: Author
    text: str
    sent_at: float
    addressed: bool
    follow_up: bool = False
    attachments: tuple[Attachment, ...] = ()
    command: Command = ""
    handle: str = ""
    about: str = ""
    others: tuple[str, ...] = ()
    is_awaited: bool = False
    zone: str = ""
    quotations: tuple[Quotation, ...] = ()
    is_closed: bool = False
    is_alone: bool = False
    standing: Standing = "member"

    @property
    def is_private(self) -> bool:
        """Whether its answer is for its author alone."""
        return self.command == "click"


@dataclass(frozen=True, slots=True)
class Edit:
    """A message whose text its author changed; `message` is the whole of it as it stands now."""

    message: Message


@dataclass(frozen=True, slots=True)
class Deletion:
    """A message that was taken away. Only its place is known, not its thread."""

    platform: str
    workspace: str
    channel: str
    message_id: str


PlatformEvent = Message | Edit | Deletion | ChannelGone
Receive = Callable[[PlatformEvent], Awaitable[bool]]


@dataclass(frozen=True, slots=True)
class Image:
    """A picture as the model is shown it, PNG or JPEG in base64, its size in pixels; `file` is its attachment's id."""

    media_type: str
    width: int
    height: int
    content: str = field(repr=False)
    file: str = ""

    @property
    def url(self) -> str:
        """The picture as a URL that holds all of it."""
        return f"data:{self.media_type};base64,{self.content}"


@dataclass(frozen=True, slots=True)
class ToolCall:
    """What the model wants a tool to do; `arguments` are JSON as the model wrote it.

    `extra` is what else the endpoint sent with it, as JSON, which it wants to see again unchanged: Gemini's signature
    of a thought (its documents, Thought signatures).
    """

    id: str
    name: str
    arguments: str
    extra: str = ""


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of a conversation's history; `author` is None for what the bot or a tool said.

    `files` is what came with it, as text that an edit leaves; it names the `images`. `about` is the id of the message
    that it quotes, `quotes` the ids of those whose words it holds. `tokens` is its length in the prompt, 0 if not
    counted. `seq` is its place in the store, 0 without one. `calls` are what the bot wanted of tools, `call_id` the one
    that a tool's entry answers; both bear the question's `message_id`. `origin` is `channel` for what stood there.
    """

    role: Role
    text: str
    author: Author | None
    message_id: str
    sent_at: float
    files: str = ""
    about: str = ""
    tokens: int = 0
    seq: int = 0
    images: tuple[Image, ...] = ()
    calls: tuple[ToolCall, ...] = ()
    call_id: str = ""
    origin: Origin = ""
    quotes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Earlier:
    """A line that was said to others, before a question in its thread or channel; `is_own` where the bot wrote it."""

    author: Author
    text: str
    message_id: str
    sent_at: float
    is_own: bool = False
    attachments: tuple[Attachment, ...] = ()
    quotations: tuple[Quotation, ...] = ()


@dataclass(frozen=True, slots=True)
class PromptMessage:
    """One message of a prompt, as a model is given it."""

    role: Role
    content: str
    images: tuple[Image, ...] = ()
    calls: tuple[ToolCall, ...] = ()
    call_id: str = ""


@dataclass(frozen=True, slots=True)
class Usage:
    """What a call cost, in tokens, as the endpoint reported it with the last chunk.

    The cached ones are among those of the input, as are those `written` to a cache; those of reasoning are among those
    of the output. `cost` is what the endpoint says it took, in billionths of a dollar, None where it does not say;
    `tier` is the tier of service that it names.
    """

    input_tokens: int
    output_tokens: int
    cached_tokens: int
    model: str
    reasoning_tokens: int = 0
    written_tokens: int = 0
    cost: int | None = None
    tier: str = ""

    def plus(self, other: "Usage | None") -> "Usage":
        """Return what two calls of one turn cost together."""
        if other is None:
            return self
        return replace(
            self,
            input_tokens=self.input_tokens + other.input_tokens,
            output_tokens=self.output_tokens + other.output_tokens,
            cached_tokens=self.cached_tokens + other.cached_tokens,
            reasoning_tokens=self.reasoning_tokens + other.reasoning_tokens,
            written_tokens=self.written_tokens + other.written_tokens,
            cost=None if self.cost is None or other.cost is None else self.cost + other.cost,
        )


@dataclass(frozen=True, slots=True)
class SavedAnswer:
    """A whole answer of the model's, kept so that it is not asked for again if it could not be shown to its end.

    `is_cut` says that it ended at its limit of tokens.
    """

    text: str
    usage: Usage | None = None
    is_cut: bool = False


@dataclass(frozen=True, slots=True)
class Turn:
    """One exchange: a message that was claimed to be answered.

    `fence` grows with every claim: whoever holds an older one has lost the turn and may write nothing more.
    `posted` is what an earlier attempt left visible, part by part, oldest first. `followed` says that another turn of
    the conversation waits behind it. `kept` is what the model answered to an earlier attempt. `phase` is how often it
    has asked for consent: what it posts after that is a reply of its own, below the card. `refusal` is why it is not to
    be answered, since that would cost more than it may. `face` is as whom the answer is shown, None for the bot itself.
    """

    id: str
    message: Message
    attempts: int
    fence: int
    posted: tuple[str, ...] = ()
    followed: bool = False
    kept: SavedAnswer | None = None
    phase: int = 0
    refusal: BotError | None = None
    face: Face | None = None

    @property
    def reply_id(self) -> str:
        """The id under which what it posts is found again."""
        return f"{self.id}+{self.phase}" if self.phase else self.id
