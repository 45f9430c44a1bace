"""What a turn may come to, reserved in the transaction in which it is claimed."""

from collections.abc import Callable
from dataclasses import replace

import structlog

from core.messages import ConversationKey, Turn
from core.ports import Platform
from core.spending.cap_warnings import warn_of_caps
from core.spending.caps import BY_CALL, BY_TURN
from core.spending.charge import Charge, Payer
from core.spending.errors import LimitReached, SpendingRefused, SpendingUncertain
from core.spending.meter import CHARACTERS, Meter, ModelCall, to_reserved_call
from core.storage import spending
from core.storage.connection import Connection
from core.storage.errors import StatementRefused, StorageUnavailable

log = structlog.get_logger()

QUIET = 60.0  # seconds for which a person who asks too fast is told so once


class TurnReservations:
    """Reserves turns; `model_of` tells who answers in a conversation, and the longest answer there."""

    def __init__(
        self,
        meter: Meter,
        model_of: Callable[[ConversationKey], ModelCall] = lambda _: ModelCall("", ""),
        instructions: int = 0,
    ) -> None:
        """`instructions` is about how many tokens stand in every prompt, for as long as no prompt has told."""
        self._meter = meter
        self._model_of = model_of
        self._instructions = instructions
        self._told: dict[tuple[str, str], float] = {}

    def reserve_turn(self, connection: Connection, turn: Turn) -> Turn:
        """Return a turn that was just claimed, with the reason where it may not be answered.

        What an earlier attempt reserved is let go. A question alone costs something, and only where no answer is kept.
        """
        if turn.attempts > 1 or turn.phase:
            spending.begin_turn_anew(connection, turn.id, is_kept=turn.kept is not None)
        if turn.message.command or turn.kept:
            return turn
        try:
            refusal = self._reserve(connection, turn)
        except (StorageUnavailable, StatementRefused):
            raise
        except Exception as error:
            log.exception("spending not reserved")
            refusal = SpendingUncertain(type(error).__name__)  # a guard that fails denies
        return replace(turn, refusal=refusal) if refusal else turn

    def _reserve(self, connection: Connection, turn: Turn) -> SpendingRefused | None:
        meter, key = self._meter, turn.message.key
        payer, sent = Payer.of_message(turn.message, turn.id), self._model_of(key)
        before = spending.last_prompt(connection, key) or meter.shortest_prompt or self._instructions
        tokens = before + len(turn.message.text) // CHARACTERS
        price = meter.book.price_of(sent.model, sent.host)
        limits = meter.caps.limits_for(payer, sent.model, meter.clock(), (*BY_TURN, *BY_CALL))
        reserved = to_reserved_call(Charge("answer", payer, tokens), sent, price)
        return meter.admit_call(connection, reserved, payer, price, limits, is_sent=False)

    async def warn(self, turn: Turn, platform: Platform) -> None:
        """Tell who asked once most of a cap is used up, once in its period."""
        if self._meter.store:
            model = self._model_of(turn.message.key).model
            await warn_of_caps(self._meter.store, self._meter, turn.message, turn.id, model, platform)

    def is_worth_telling(self, turn: Turn) -> bool:
        """Whether a person is told why their question is refused: of asking too fast, once in a minute."""
        if not isinstance(turn.refusal, LimitReached) or turn.refusal.unit != "requests":
            return True
        now, person = self._meter.clock(), (turn.message.key.platform, turn.message.author.id)
        self._told = {each: at for each, at in self._told.items() if now - at < QUIET}
        is_new = person not in self._told
        if is_new:
            self._told[person] = now
        return is_new
