"""How an administrator lifts caps from the chat: for a channel or for one person, until the day's end."""

import re
import time
from collections.abc import Callable, Sequence

import structlog

from core.commands import argument_of
from core.messages import Message
from core.spending.caps import Caps
from core.spending.charge import Payer
from core.spending.periods import current_period
from core.spending.sentences import format_when
from core.storage.spending_limits import LedgerPlace, lift_caps
from core.storage.store import Store

log = structlog.get_logger()

MENTION = re.compile(r"<@!?([A-Za-z0-9]{1,40})(?:\|[^>]{0,80})?>")  # as both platforms write one
NOT_THEIRS = "_Only an administrator lifts caps: one whom CONFAB_ADMINISTRATORS names._"
WHOM = "_Whose caps? `uncap` lifts those of this channel, `uncap @somebody` those of one person._"


class CapLifting:
    """Takes `uncap`; `is_administrator` says who may."""

    def __init__(
        self,
        store: Store,
        caps: Caps,
        is_administrator: Callable[[str, Sequence[str]], bool],
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._store = store
        self._caps = caps
        self._is_administrator = is_administrator
        self._clock = clock

    async def lift(self, message: Message) -> str:
        """Lift caps as a message says; return what is read of it."""
        if not self._is_administrator(message.author.id, message.author.roles or ()):
            return NOT_THEIRS
        told = argument_of(message.text)
        mentioned = MENTION.fullmatch(told)
        if told and not mentioned:
            return WHOM
        person, payer, now = mentioned[1] if mentioned else "", Payer.of_message(message), self._clock()
        zone = self._caps.zone_of(payer)
        until = current_period("day", now, zone).until
        place = LedgerPlace(payer.platform, payer.workspace, payer.channel, "", person)
        await self._store.run(lambda db: lift_caps(db, place, until, payer.person))
        log.warning("caps lifted", conversation=str(message.key), by=payer.person, person=person)
        whose = "their caps are" if person else "the caps of all who ask in this channel are"
        return f"_Until {format_when(until, now, zone).removeprefix('in ')} {whose} lifted._"
