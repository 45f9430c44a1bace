"""One reply in Discord: its parts as messages, found again after a fault, edited within the limits."""

import asyncio

import structlog

from bots.discord.calls import BLOCKED, GONE, UNCERTAIN_HINT, DiscordRefusal
from bots.discord.outgoing import MessageSplitter, nonce_of
from bots.discord.reply_channel import PostedMessage, ReplyChannel
from bots.discord.session import DiscordSession
from bots.edit_rate import EditRate
from bots.streaming import finish_despite_cancel
from core.errors import Uncertain
from core.messages import Turn
from core.ports import Journal

log = structlog.get_logger()

BLOCKED_NOTICE = "_A rule of this server blocked what I wrote here._"


class DiscordReply:
    """Where one turn's answer stands; a surface of bots.streaming."""

    def __init__(
        self, session: DiscordSession, cut: MessageSplitter, budget: EditRate, turn: Turn, journal: Journal
    ) -> None:
        """Find or open the room, beside the model's first words."""
        self._session = session
        self._wanted = asyncio.Event()
        self._room = asyncio.create_task(self._open_room(turn, journal))
        self._room.add_done_callback(_note_error)
        self._cut = cut
        self._budget = budget
        self._turn = turn
        self._journal = journal
        self._parts = list(turn.posted)
        self._standing: dict[str, str] = {}

    async def post_part(self, part: int, text: str) -> str:
        """Post a part and note it; what has begun is finished even if the turn is cancelled meanwhile."""
        return await finish_despite_cancel(self._post_and_note(part, text))

    async def find_standing(self) -> tuple[str, ...]:
        """Return the messages in which the turn's parts stand, also one that was posted just before a crash.

        That one is noted now. Raises Uncertain where that cannot be told.
        """
        if self._turn.attempts > 1 and (found := await self._find_unnoted()):
            self._parts.append(found.id)
            await self._journal.note_posted(len(self._parts) - 1, found.id)
        return tuple(self._parts)

    async def edit_part(self, message_id: str, text: str, *, last: bool) -> bool:
        """Change a message; False where the channel's edits are used up and this is not its last state."""
        as_file = self._cut.is_file(self._parts.index(message_id))
        if self._standing.get(message_id) == text.strip():
            return True  # Discord trims: to the eye it would be the same
        if last:
            await self._budget.spend_last_edit()
        elif as_file or not self._budget.spend_edit():
            return False
        await self._change_text(message_id, text, as_file=as_file)
        return True

    async def remove_part(self, message_id: str) -> None:
        """Take away a part that the reply no longer needs."""
        await (await self._find_room()).delete_message(message_id)

    def close(self) -> None:
        """End it: nobody types any more, nor looks for a room where none was needed."""
        self._room.cancel()
        self._session.typing.end_typing(self._turn.message.id)

    async def _open_room(self, turn: Turn, journal: Journal) -> ReplyChannel:
        """Find the room at once where the question may be shown, else with the reply's first words.

        A question that is refused until then gives its words to no thread's name.
        """
        if not journal.is_admitted:
            await self._wanted.wait()
        return await self._session.channel_of(turn, is_admitted=journal.is_admitted)

    async def _find_room(self) -> ReplyChannel:
        self._wanted.set()
        return await self._room

    async def _post_and_note(self, part: int, text: str) -> str:
        """Post a part. Under a repeated nonce Discord returns what an earlier attempt posted, so that is mended."""
        posted = await self._find_further_part(text) or await self._send_part(part, text)
        self._parts.append(posted.id)
        self._standing[posted.id] = posted.text.strip()
        await self._journal.note_posted(part, posted.id)
        if posted.text.strip() not in {text.strip(), BLOCKED_NOTICE}:
            await self._change_text(posted.id, text, as_file=self._cut.is_file(part))
        return posted.id

    async def _send_part(self, part: int, text: str) -> PostedMessage:
        room, name, as_file = await self._find_room(), nonce_of(self._turn.reply_id, part), self._cut.is_file(part)
        await self._session.typing.wait_for_call(self._turn.message.id)
        try:
            return await room.send_part(part, text, name, as_file=as_file)
        except DiscordRefusal as error:
            if error.code in BLOCKED:
                log.warning("answer blocked", code=error.code)
                return await room.send_part(part, BLOCKED_NOTICE, name, as_file=False)
            if not error.is_silence:
                raise
        found = await self._find_unnoted(text)  # no answer for so long that the nonce may be forgotten
        return found or await room.send_part(part, text, name, as_file=as_file)

    async def _change_text(self, message_id: str, text: str, *, as_file: bool) -> None:
        room = await self._find_room()
        try:
            await room.change_message(message_id, text, as_file=as_file)
        except DiscordRefusal as error:
            if error.code in BLOCKED:
                log.warning("answer blocked", code=error.code)
                await room.change_message(message_id, BLOCKED_NOTICE, as_file=False)
            elif error.code not in GONE:
                raise
        self._standing[message_id] = text.strip()

    async def _find_further_part(self, text: str) -> PostedMessage | None:
        """Look for a further part that an earlier attempt may have posted into a channel and not noted."""
        may_stand = self._turn.attempts > 1 and (await self._find_room()).is_shared
        return await self._find_unnoted(text) if may_stand else None

    async def _find_unnoted(self, text: str = "") -> PostedMessage | None:
        """Return a message behind the question that is ours and no known part of any answer.

        A conversation's turns are answered one by one, so that in a thread or a direct message it must be this
        turn's; in a channel it has to reply to the question, or to say the same. Raises Uncertain where Discord does
        not let us look.
        """
        room = await self._find_room()
        for each in await self._read_own(room):
            fits = (
                not room.is_shared or each.replies_to == self._turn.message.id or (text and each.text == text.strip())
            )
            if fits and each.id not in self._parts and await self._session.conversation_of(each.id) is None:
                return each
        return None

    async def _read_own(self, room: ReplyChannel) -> list[PostedMessage]:
        try:
            return await room.read_own_after(self._turn.message.id)
        except DiscordRefusal as error:
            if error.is_silence:
                raise
            raise Uncertain(str(error), UNCERTAIN_HINT) from error


def _note_error(task: asyncio.Task[ReplyChannel]) -> None:
    """Take note of an error that nobody may come to await: the reply may end before it needs its room."""
    if not task.cancelled():
        task.exception()
