"""One reply in a Slack thread: its parts as messages, found again after a fault, edited within the limits."""

import asyncio
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

import structlog

from bots.edit_rate import EditRate
from bots.persona_names import heading_of
from bots.slack.calls import NO_ANSWER, UNCERTAIN_HINT, MaybeSent, SlackCalls, SlackRefusal
from bots.slack.faces import PersonaFaces
from bots.slack.outgoing import payload_of, plain_payload
from bots.slack.payload_values import next_cursor_of
from bots.streaming import finish_despite_cancel
from core.errors import Uncertain
from core.messages import NOTICE, Turn
from core.ports import Journal

log = structlog.get_logger()

MARK = "confab_part"  # the metadata's event type, by which a part is found again
TOO_RICH = {"invalid_blocks", "msg_blocks_too_long", "invalid_blocks_format"}  # the same text goes out plain
EMPTY = {"thread_not_found"}  # the question is gone, and nothing stands under it
GONE = {"message_not_found", "cant_update_message"}  # somebody took our message away: it is not put back
SKEW = 60.0  # seconds by which our clock may be ahead of Slack's, where a question came without a ts
PAGE, PAGES = 200, 5  # messages of one call, and calls at the most, in which the parts of a turn are looked for
SAID_BELOW = -1  # in place of a part's number
TRIES = 3  # posts of one part whose answer was lost, each looked for before it is repeated
PATIENCE = 0.05  # seconds; a quicker answer needs no status, and a channel takes one a second (Slack docs, setStatus)
RENEWAL = 100.0  # seconds; Slack clears a status after two minutes (Slack docs, assistant.threads.setStatus)


class SlackReply:
    """Where one turn's answer stands; a surface of bots.streaming."""

    def __init__(
        self,
        calls: SlackCalls,
        budget: EditRate,
        turn: Turn,
        journal: Journal,
        shown_as: Callable[[str], Mapping[str, Any]] = payload_of,
        faces: PersonaFaces | None = None,
    ) -> None:
        """`shown_as` makes what shows a part of its text; `faces` show whom the bot plays, if anybody."""
        self._faces = faces
        self._face = turn.face if faces else None
        self._headed = ""  # the part above which a name stands
        self._shown_as = shown_as
        self._calls = calls
        self._budget = budget
        self._turn = turn
        self._journal = journal
        self._channel = turn.message.key.channel
        self._place = {"channel": self._channel, **_thread_of(turn)}
        self.is_visible = bool(turn.posted)  # or just about to be

    async def post_part(self, part: int, text: str) -> str:
        """Post a part and note it; what has begun is finished even if the turn is cancelled meanwhile."""
        return await finish_despite_cancel(self._post_and_note(part, text))

    async def find_standing(self) -> tuple[str, ...]:
        """Return the messages in which the turn's parts stand, also one that was posted just before a crash.

        That one is noted now. Of a part that stands twice the copy goes, and what was said below an earlier attempt.
        Raises Uncertain where that cannot be told.
        """
        known = list(self._turn.posted)
        if self._turn.attempts > 1:
            for part, message_id in await self._find_marked():
                if part == len(known):
                    known.append(message_id)
                    await self._journal.note_posted(part, message_id)
                elif message_id not in known:
                    await self.remove_part(message_id)
        self.is_visible = bool(known)
        if known and self._faces and not self._faces.is_granted:
            self._headed = known[0]
        return tuple(known)

    async def edit_part(self, message_id: str, text: str, *, last: bool) -> bool:
        """Change a message; False where the workspace's edits are used up and this is not its last state."""
        if last:
            await self._budget.spend_last_edit()
        elif not self._budget.spend_edit():
            return False
        try:
            shown = f"{heading_of(self._face)}{text}" if message_id == self._headed else text
            await self._write_rich("chat.update", {"channel": self._channel, "ts": message_id}, shown)
        except SlackRefusal as error:
            if error.code not in GONE:
                raise
        return True

    async def remove_part(self, message_id: str) -> None:
        """Take away a part that the reply no longer needs."""
        try:
            await self._calls.post_json("chat.delete", {"channel": self._channel, "ts": message_id})
        except SlackRefusal as error:
            if error.code not in GONE:
                raise

    async def _post_and_note(self, part: int, text: str) -> str:
        mark = {"event_type": MARK, "event_payload": {"turn": self._turn.reply_id, "part": part}}
        place = {**self._place, "metadata": mark, "unfurl_links": False, "unfurl_media": False}
        self.is_visible = True
        for _ in range(TRIES):
            try:
                answer = await self._post_as_persona(part, place, text)
            except MaybeSent:
                message_id = await self._find_part(part)
            else:
                message_id = str(answer["ts"])
            if message_id:
                if part == 0 and self._faces and not self._faces.is_granted:
                    self._headed = message_id
                await self._journal.note_posted(part, message_id)
                return message_id
        raise SlackRefusal("chat.postMessage", NO_ANSWER)

    async def _post_as_persona(self, part: int, place: Mapping[str, Any], text: str) -> dict[str, Any]:
        """Post a part under the name of whom the bot plays, or with that name above the first part."""
        faces, face = self._faces, self._face
        if faces is None or face is None:
            return await self._write_rich("chat.postMessage", place, text)
        if own := faces.arguments_of(face):
            try:
                return await self._write_rich("chat.postMessage", {**place, **own}, text)
            except SlackRefusal as error:
                if not faces.note_refused(error.code):
                    raise
        return await self._write_rich("chat.postMessage", place, f"{heading_of(face)}{text}" if part == 0 else text)

    async def _write_rich(self, method: str, place: Mapping[str, Any], text: str) -> dict[str, Any]:
        """Send a text as Markdown, or plain where Slack does not take its blocks: the answer is never lost."""
        repeatable = method != "chat.postMessage"
        try:
            return await self._calls.post_json(method, {**place, **self._shown_as(text)}, repeatable=repeatable)
        except SlackRefusal as error:
            if error.code not in TOO_RICH or self._shown_as is not payload_of:  # plain, it would have no buttons
                raise
        return await self._calls.post_json(method, {**place, **plain_payload(text)}, repeatable=repeatable)

    async def _find_part(self, part: int) -> str | None:
        """Look for a part whose post was not answered."""
        return next((message_id for number, message_id in await self._find_marked() if number == part), None)

    async def _find_marked(self) -> list[tuple[int, str]]:
        """Return each part of this turn that stands in the channel, and its ts, oldest first, by the parts' marks.

        Raises Uncertain where Slack does not let us look, or so much was said since that the looking has no end.
        """
        method = "conversations.replies" if "thread_ts" in self._place else "conversations.history"
        around = {"oldest": f"{self._turn.message.sent_at - SKEW:.6f}", "limit": PAGE, "include_all_metadata": "true"}
        place = {"channel": self._channel, **({"ts": self._place["thread_ts"]} if "thread_ts" in self._place else {})}
        messages: list[dict[str, Any]] = []
        for _ in range(PAGES):
            answer = await self._read_messages(method, {**place, **around})
            messages += answer.get("messages", ())
            around["cursor"] = next_cursor_of(answer)
            if not around["cursor"]:
                return sorted(_parts_of(self._turn, messages), key=lambda each: float(each[1]))
        raise Uncertain(f"{method}: more than {PAGE * PAGES} messages", UNCERTAIN_HINT)

    async def _read_messages(self, method: str, arguments: Mapping[str, Any]) -> dict[str, Any]:
        try:
            return await self._calls.query(method, arguments)
        except SlackRefusal as error:
            if error.code in EMPTY:
                return {}
            if error.is_silence:
                raise
            raise Uncertain(str(error), UNCERTAIN_HINT) from error


def _parts_of(turn: Turn, messages: Iterable[Mapping[str, Any]]) -> Iterator[tuple[int, str]]:
    for message in messages:
        mark = message.get("metadata", {}).get("event_payload", {})
        if mark.get("turn") == turn.reply_id:
            yield int(mark["part"]), str(message["ts"])
        elif mark.get("turn") == f"{turn.reply_id}{NOTICE}":
            yield SAID_BELOW, str(message["ts"])


def _thread_of(turn: Turn) -> dict[str, str]:
    thread = turn.message.key.thread
    return {"thread_ts": thread} if thread else {}


class ThinkingStatus:
    """Shows that an answer is being made; a workspace without the feature is asked once."""

    def __init__(self, calls: SlackCalls) -> None:
        self._calls = calls
        self._supported = True

    async def show_thinking(self, turn: Turn, reply: SlackReply) -> None:
        """Show the status until a part is posted (which clears it), or until this is cancelled."""
        key = turn.message.key
        await asyncio.sleep(PATIENCE)
        while self._supported and key.thread and not reply.is_visible:
            await finish_despite_cancel(self._show_status({"channel_id": key.channel, "thread_ts": key.thread}, reply))
            await asyncio.sleep(RENEWAL)

    async def _show_status(self, place: Mapping[str, str], reply: SlackReply) -> None:
        """Show the status; one that may have come after the answer, which would have cleared it, is taken away."""
        await self._set_status({**place, "status": "is thinking…"})
        if reply.is_visible:
            await self._set_status({**place, "status": ""})

    async def _set_status(self, arguments: dict[str, str]) -> None:
        try:
            await self._calls.post_json("assistant.threads.setStatus", arguments)
        except SlackRefusal as error:
            self._supported = error.is_silence
            log.info("no status here", error=error.code)
