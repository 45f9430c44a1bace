"""What a messaging platform is to the core."""

from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from typing import Protocol

from core.cards import Card
from core.messages import Attachment, ConversationKey, Earlier, Message, Receive, Turn
from core.model_events import ReplyEvent


class Journal(Protocol):
    """Where a platform notes which parts of a reply are visible, so that a restart can go on from there."""

    @property
    def is_admitted(self) -> bool:
        """Whether the question has passed its checks by now, so that its words may be shown again."""

    async def note_posted(self, part: int, platform_id: str) -> None:
        """Note that part number `part` (from 0) stands in the channel as the message `platform_id`."""


class Platform(Protocol):
    """What a messaging platform does for the core. What acts is given a message or a key, which name the workspace.

    Each error that it raises has the platform's own hint for the operator.
    """

    @property
    def name(self) -> str:
        """The platform's name as it stands in a conversation key."""

    async def start(self, receive: Receive) -> None:
        """Sign in, and hand every event to `receive`; raise StartRefused or PlatformError where that cannot be."""

    async def stop(self) -> None:
        """Take in nothing more; what is being answered still can be."""

    async def is_ready(self) -> bool:
        """Tell whether events can arrive."""

    async def wait_until_lost(self) -> None:
        """Wait until the connection is given up for good, and raise why."""

    async def resolve_names(self, message: Message) -> Message:
        """Return the message with people's display names in place of their ids."""

    async def fetch_earlier(self, message: Message, most: int, since: float = 0.0) -> Sequence[Earlier]:
        """Return what was said before a message, the newest `most` of it, oldest first; empty where nothing was.

        That is in its thread, the first message included where the platform gives it; or for a message that begins
        one, in its channel, nothing before `since` (seconds since the epoch), by one call. Every author's lines are
        among it, an app's as well, and those that are only files. Raises PlatformError where it cannot be read.
        """

    def open_file(self, key: ConversationKey, attachment: Attachment, most: int) -> AsyncGenerator[bytes, None]:
        """Yield a file's content in chunks; raise FileUnreadable where it is not to be had, or exceeds `most` bytes."""

    async def reply(self, turn: Turn, events: AsyncIterator[ReplyEvent], journal: Journal, *, live: bool) -> None:
        """Show an answer as it grows (`live`) or once it is whole; raise PlatformError where it cannot be shown.

        The answer to a message that `is_private` is shown to its author alone.
        """

    async def show_card(self, turn: Turn, card: Card, journal: Journal) -> None:
        """Post a card where a turn is answered, or change the one that `turn.posted` names; raise PlatformError.

        One that has ended is posted nowhere: it is changed where an earlier attempt has posted it.
        """

    async def post_notice(self, key: ConversationKey, text: str, only_for: str = "") -> bool:
        """Post a text into a key's channel, outside of any turn; raise PlatformError where that is refused.

        With `only_for` it is shown to that person alone, by their id; return False where the platform cannot, and then
        post nothing.
        """
