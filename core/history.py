"""What a conversation's prompts are made from, and what is kept of a prompt: values that know neither side. Pure."""

from dataclasses import dataclass, field

from core.messages import Entry
from core.token_ratio import TokenRatio


@dataclass(frozen=True, slots=True)
class History:
    """What is known of a conversation, beside the question.

    `entries` runs oldest first, from the last cut on; `first` is the conversation's first message. `earlier` is what
    prompts say of the time before the cut, as they say it; `summary` tells the entries up to the seq `summarised`,
    and goes into `earlier` at the next cut, or at once where that is `due`: an edit or a deletion changed it.
    `is_shared` says that more than one has spoken here: from then on prompts tell names.
    """

    entries: tuple[Entry, ...] = ()
    first: Entry | None = None
    begins: int = 0
    earlier: str = ""
    summary: str = ""
    summarised: int = 0
    due: bool = False
    is_shared: bool = False


@dataclass(frozen=True, slots=True)
class Character:
    """Whom the bot plays in a conversation, as its prompts tell of it; everything in it is somebody's data.

    `instructions` stand below ours and never change while the conversation goes on; `examples` stand behind them where
    there is room. `lore` is what matters of its world to this question. `model` answers, empty for the usual one, with
    `parameters` of its own, as names and numbers.
    """

    name: str
    instructions: str
    examples: str = ""
    lore: str = ""
    model: str = ""
    parameters: tuple[tuple[str, float], ...] = ()


@dataclass(frozen=True, slots=True)
class StoredHistory:
    """A conversation's history as it was read, with what its last prompt's length taught.

    `version` grows when something told was changed: what is made from this history is kept only while it holds.
    `has_earlier` says that what others said before the bot came has been read; `unread_from` is when the oldest line
    was said that others wrote since and no prompt has, in seconds since the epoch, 0 where there is none. `character`
    is whom the bot plays there, None for itself.
    """

    history: History
    version: int = 0
    ratio: TokenRatio = field(default_factory=TokenRatio)
    has_earlier: bool = False
    unread_from: float = 0.0
    character: Character | None = None


@dataclass(frozen=True, slots=True)
class PromptRecord:
    """What is kept of a turn's prompt: the history as it was cut for it, its version, and what its length taught."""

    history: History
    version: int
    ratio: TokenRatio
