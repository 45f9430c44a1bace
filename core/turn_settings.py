"""What an operator can set about how much is done at once."""

from typing import ClassVar

from pydantic import PositiveInt

from core.setting_fields import Seconds, Section, setting_field


class TurnSettings(Section):
    """How many turns are answered at once, how often one is tried, and how many may wait in one conversation.

    `retry_pause` is the first pause between two tries, in seconds.
    """

    title: ClassVar[str] = "How much at once"

    concurrency: PositiveInt = setting_field("CONFAB_CONCURRENCY", "How many answers are made at once", 64)
    attempts: PositiveInt = setting_field("CONFAB_ATTEMPTS", "How often a turn is tried before it is given up", 3)
    queue: PositiveInt = setting_field("CONFAB_QUEUE", "How many questions may wait in one conversation", 50)
    retry_pause: Seconds = 2.0
