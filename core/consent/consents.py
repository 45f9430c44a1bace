"""Asks people before something is changed, and takes what they decide: a card, and the clicks on it."""

import secrets
import time
from collections.abc import Callable, Sequence
from dataclasses import replace

import structlog

from core.cards import parse_click
from core.commands import DONE
from core.consent.errors import TurnParked
from core.consent.settings import ASKER, ConsentSettings
from core.consent.wording import NONE_ALLOWED, NOT_YOURS, OVER, TAKEN_BACK, TOLD, card_of, name_deciders
from core.errors import PlatformError
from core.messages import ConversationKey, Message, Turn
from core.moderation.moderation import Moderation
from core.outcome import reference
from core.ports import Platform
from core.reply import Reply
from core.storage import consents as rows
from core.storage.consents import Consent, Decision
from core.storage.errors import TurnLost
from core.storage.store import Store
from core.tool_calls import DECLINED, CallRecord

log = structlog.get_logger()

Wake = Callable[[ConversationKey], None]
CARD = "-card"  # behind the id of a turn's reply: the card that is posted under it


class Consents:
    """What waits to be allowed, and by whom; nothing of it is in memory."""

    def __init__(self, store: Store, settings: ConsentSettings, reply: Reply, guard: Moderation | None = None) -> None:
        self._store = store
        self._settings = settings
        self._reply = reply
        self._guard = guard

    async def ask(self, turn: Turn, platform: Platform, calls: Sequence[CallRecord], *, is_tainted: bool) -> None:
        """Show a card for calls that wait to be allowed, and let the turn wait for a click, held by nobody.

        Raises TurnParked, or TurnLost, or PlatformError where the card cannot be shown.
        """
        card_id, until = secrets.token_hex(8), time.time() + self._settings.timeout
        consent = await self._store.run(
            lambda db: rows.open_consent(db, turn, card_id, calls, until, is_tainted=is_tainted)
        )
        if consent is None:
            raise TurnLost(turn.id)
        await self._await_click(turn, platform, consent, calls)

    async def resume_cards(
        self, turn: Turn, platform: Platform, waiting: Sequence[CallRecord], *, is_tainted: bool
    ) -> bool:
        """Let each card that has ended say how; return whether a person has stopped the turn.

        Raises TurnParked where calls still wait, as `ask` does.
        """
        if turn.attempts < 2:
            return False
        asked = await self._store.run(lambda db: rows.select_consents(db, turn.id))
        for consent in asked:
            await self._close_card(turn, platform, consent)
        if waiting:
            await self.ask(turn, platform, waiting, is_tainted=is_tainted)
        return any(consent.choice == "stopped" for consent in asked)

    async def _await_click(self, turn: Turn, platform: Platform, consent: Consent, calls: Sequence[CallRecord]) -> None:
        if not consent.choice and consent.until <= time.time():
            await self._end(consent, Decision("late", result=DECLINED["late"]))
        elif not consent.choice and not consent.message_id:
            await self._post_card(turn, platform, consent, calls)
        until = await self._store.run(lambda db: rows.park_turn(db, turn))
        if until is None:
            raise TurnLost(turn.id)
        raise TurnParked(turn.id, until)

    async def stop(self, message: Message) -> str:
        """End what waits in a conversation, as `stop` says; return what a person reads."""
        decision = Decision("stopped", message.author.id, result=DECLINED["stopped"])
        await self._store.run(lambda db: rows.end_undecided_before(db, message.key, message.sent_at, decision))
        return DONE["stop"]

    async def take_back(self, message: Message) -> str:
        """Take back what may always be called where a message stands, as anybody there may; return what they read."""
        tools = await self._store.run(lambda db: rows.delete_grants(db, message.key))
        log.info("consent taken back", conversation=str(message.key), tools=tools, by=message.author.id)
        return TAKEN_BACK.format(tools=", ".join(f"`{each}`" for each in tools)) if tools else NONE_ALLOWED

    async def take_click(self, turn: Turn, platform: Platform, wake: Wake) -> None:
        """Do what a click says, let the card say so, and answer who clicked; `wake` has the turn that asks go on."""
        choice, card_id = parse_click(turn.message.text)
        found = await self._store.run(lambda db: rows.select_asking(db, card_id))
        if found is None:
            await self._reply.tell(turn, platform, OVER)
            return
        consent, key, sealed = found
        asker = self._store.unseal_turn(sealed)
        told = self._refuse_click(turn, asker)
        if not told and not consent.choice:
            clicker, card = turn.message.author.id, turn.message.key.thread
            decision = Decision(choice, clicker, turn.id, DECLINED.get(choice, ""), card)
            consent = await self._end(consent, decision)
        try:
            if asker:
                await self._close_card(asker, platform, consent)
        finally:
            wake(key)
        is_mine = consent.decided_in == turn.id
        await self._reply.tell(turn, platform, TOLD[choice] if is_mine else told if not consent.choice else OVER)

    def _refuse_click(self, turn: Turn, asker: Turn | None) -> str:
        """Return why somebody's click decides nothing, empty where it does; without an asker all is over."""
        if self._guard and (refusal := self._guard.refusal_of(turn.message)):
            return f"_{refusal.notice}_"
        person = turn.message.author
        mine = {f"user:{person.id}", *(f"role:{role}" for role in person.roles or ())}
        if asker and asker.message.author.id == person.id:
            mine.add(ASKER)
        is_decider = bool(mine & set(self._settings.deciders)) and not person.is_bot
        return "" if is_decider else NOT_YOURS.format(who=name_deciders(self._settings.deciders))

    async def _end(self, consent: Consent, decision: Decision) -> Consent:
        ended = await self._store.run(lambda db: rows.decide(db, consent, decision))
        log.info("consent", reference=consent.turn_id[:8], choice=ended.choice, by=ended.decided_by)
        return ended

    async def _close_card(self, turn: Turn, platform: Platform, consent: Consent) -> None:
        """Let a card that has ended say how, once; also one whose post an earlier attempt may not have noted."""
        if not consent.choice or consent.is_closed:
            return
        try:
            if consent.message_id or turn.attempts > 1:
                calls = await self._store.run(lambda db: rows.select_asked_calls(db, consent))
                await self._show_card(turn, platform, consent, calls)
        except PlatformError as error:
            if error.is_silence:
                raise
            log.warning("card not changed", reference=reference(turn), detail=str(error))
        await self._store.run(lambda db: rows.close_consent(db, consent))

    async def _post_card(self, turn: Turn, platform: Platform, consent: Consent, calls: Sequence[CallRecord]) -> None:
        """Post a card; where that is refused, its calls are not made."""
        try:
            await self._show_card(turn, platform, consent, calls)
        except PlatformError as error:
            if error.is_silence:
                raise
            log.warning("nobody asked", reference=reference(turn), detail=str(error), hint=error.hint)
            await self._end(consent, Decision("unasked", result=DECLINED["unasked"]))

    async def _show_card(self, turn: Turn, platform: Platform, consent: Consent, calls: Sequence[CallRecord]) -> None:
        """Post a card, or change the one that stands."""
        posted = (consent.message_id,) if consent.message_id else ()
        apart = replace(turn, id=f"{turn.id}{CARD}{consent.round}", phase=0, posted=posted)
        card = card_of(consent, calls, self._settings.deciders)
        await platform.show_card(apart, card, CardJournal(self._store, turn, consent))


class CardJournal:
    """Notes the message in which a card stands."""

    is_admitted = True  # what it asks about has passed its checks

    def __init__(self, store: Store, turn: Turn, consent: Consent) -> None:
        self._store = store
        self._turn = turn
        self._consent = consent

    async def note_posted(self, part: int, platform_id: str) -> None:  # noqa: ARG002 - the port's signature
        """Note where the card stands; raises TurnLost where the turn is not ours any more."""
        if not await self._store.run(lambda db: rows.note_card(db, self._turn, self._consent, platform_id)):
            raise TurnLost(self._turn.id)
