"""Tells a person once in a period that most of a cap is used up."""

import structlog

from core.errors import PlatformError
from core.messages import Message
from core.ports import Platform
from core.spending.caps import COUNTED
from core.spending.charge import Payer
from core.spending.meter import Meter
from core.spending.sentences import format_warning
from core.storage import spending_limits
from core.storage.store import Store

log = structlog.get_logger()


async def warn_of_caps(
    store: Store, meter: Meter, message: Message, turn_id: str, model: str, platform: Platform
) -> None:
    """Say of each cap that an answer has brought to 80 % that it has; to its asker alone where the platform can."""
    payer = Payer.of_message(message, turn_id)
    limits = meter.caps.limits_for(payer, model, meter.clock(), COUNTED)
    if not limits:
        return
    due = await store.run(lambda db: spending_limits.mark_warned(db, turn_id, limits))
    caps = {cap.label: cap for cap in meter.caps.all}
    for label, used in due:
        text = format_warning(caps[label], used)
        try:
            is_told = await platform.post_notice(message.key, text, only_for=payer.person)
            if not is_told:
                await platform.post_notice(message.key, text)
        except PlatformError as error:
            log.info("warning not shown", detail=str(error))
