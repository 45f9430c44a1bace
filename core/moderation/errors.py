"""What moderation ends a turn with; the tree that this belongs to is core/errors.py.

BotError
    ModerationError      what was asked or answered is not shown, or cannot be checked just now
        QuestionRefused, AnswerRefused, Unchecked, TooLongToCheck, NotServed, Paused
CheckFailed              moderation did not say what it found; it is asked again, and then the operator's choice holds
"""

import math

from core.errors import BotError


class ModerationError(BotError):
    """A turn that moderation ends; what was shown of it is replaced by the notice."""


class QuestionRefused(ModerationError):
    """What a person wrote, or what came with it, was flagged; its text names the categories."""

    notice = "I would rather not take this up; please put it another way."
    hint = "Moderation flagged the question: CONFAB_MODERATION_THRESHOLDS sets how strict it is, by category."


class AnswerRefused(ModerationError):
    """A part of the model's answer was flagged."""

    notice = "I took back my answer, as a part of it did not pass the check; putting the question differently may help."
    hint = "Moderation flagged the model's answer: CONFAB_MODERATION_THRESHOLDS sets how strict it is, by category."


class Unchecked(ModerationError):
    """Moderation could not be asked for as long as a turn may wait for it."""

    notice = "What I show has to be checked first, and the check was out of reach for too long; please ask me later."
    hint = (
        "Moderation could not be asked: see CONFAB_MODERATION_URL, or CONFAB_MODERATION_UNREACHABLE to go on without."
    )


class TooLongToCheck(ModerationError):
    """More text than one check takes."""

    notice = "This is more than I can check at once; please send me less of it."
    hint = "Moderation is asked about 250,000 characters in one turn at most; CONFAB_MODERATION=off asks about none."


class NotServed(ModerationError):
    """The lists of who is served, and where, leave this one out."""

    notice = "I am not available here for you; an operator decides who and where I answer."
    hint = "CONFAB_ALLOW or CONFAB_DENY leaves this person or place out."


class Paused(ModerationError):
    """A person whose questions were refused repeatedly, for `seconds` more."""

    notice = "I have refused several of your questions, so I do not take any from you for a while."
    hint = "CONFAB_MODERATION_VIOLATIONS sets how many refusals pause a person, CONFAB_MODERATION_PAUSE for how long."

    def __init__(self, seconds: float, detail: str = "") -> None:
        super().__init__(detail)
        self.notice = self.notice.replace("a while", format_duration(seconds))


def format_duration(seconds: float) -> str:
    """Return a time in words, never shorter than it is: `10 minutes`, `2 hours`."""
    minutes = max(1, math.ceil(seconds / 60))
    if minutes < 120:
        return "a minute" if minutes == 1 else f"{minutes} minutes"
    return f"{math.ceil(minutes / 60)} hours"


class CheckFailed(Exception):
    """A moderation endpoint or judge did not say what it found.

    `status` is the response's, 0 where none came; `retry_after` is in seconds, None where it does not say.
    """

    def __init__(self, detail: str, status: int = 0, retry_after: float | None = None) -> None:
        super().__init__(detail)
        self.status = status
        self.retry_after = retry_after
