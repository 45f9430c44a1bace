"""Why a call is not made: what one may spend is spent, or nobody can tell what it would cost."""

from core.errors import ModelError, VoiceError


class SpendingRefused(ModelError):
    """A call that is not made, since it would cost more than it may, or nobody can tell."""

    notice = "I may not spend more on answers just now."
    hint = "A cap of CONFAB_CAPS is reached: raise it, or have an administrator lift it in the chat: @Confab lift."
    is_private = True


class LimitReached(SpendingRefused):
    """A cap is reached; `notice` says which, and when it goes on, `unit` what it counts."""

    notice = "(which limit is reached, and when it goes on)"

    def __init__(self, detail: str, notice: str, unit: str) -> None:
        """`detail` is for the log, `notice` for the person."""
        super().__init__(detail)
        self.notice = notice
        self.unit = unit


class PriceUnknown(SpendingRefused):
    """A cap counts money, and nobody has said what the model costs."""

    notice = "I may spend only so much here, and do not know what this model costs; an operator has to say."
    hint = "CONFAB_CAPS counts dollars, and the price of this model is not known: set it in CONFAB_PRICES."


class SpendingUncertain(SpendingRefused):
    """What was spent cannot be told: nothing more is, until it can."""

    notice = (
        "I cannot tell what has been spent, so I answer nothing that costs; an operator finds the reason in the log."
    )
    hint = "Reserving what a call may cost failed: the log holds the trace; please report it."


class ListeningRefused(VoiceError):
    """A recording is not transcribed, since that would cost more than it may."""

    notice = "I may not spend more on recordings just now."
    hint = SpendingRefused.hint

    def __init__(self, refusal: SpendingRefused) -> None:
        """Say what the refusal of the call says."""
        super().__init__(str(refusal), refusal.hint)
        self.notice = refusal.notice
