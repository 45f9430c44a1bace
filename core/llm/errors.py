"""What else an endpoint can do wrong, beside what core/errors.py tells."""

import math

from core.errors import AnswerCutByLength, EmptyAnswer, RateLimited


class DailyLimit(RateLimited):
    """429 that speaks of a day; `wait` is in seconds until the endpoint takes questions again, None if untold."""

    notice = "The model takes no more questions from me today; please ask me again tomorrow."
    hint = "The endpoint's daily limit is used up: raise it at the provider of OPENAI_BASE_URL, or set another model."

    def __init__(self, detail: str = "", wait: float | None = None) -> None:
        super().__init__(detail)
        if wait and wait >= 60:
            minutes = math.ceil(wait / 60)
            span = f"{minutes} minutes" if minutes < 90 else f"{math.ceil(wait / 3600)} hours"
            self.notice = f"The model takes no more questions from me today; please ask me again in about {span}."


class BareEnd(EmptyAnswer):
    """The stream held nothing but its end, or the word that it is cut; the question is asked once more."""

    notice = EmptyAnswer.notice
    hint = "The stream held nothing but its end, twice: see the endpoint's own log for what it made of the request."


class AnswerTooLong(AnswerCutByLength):
    """The answer, thoughts included, went on for longer than it may; what was said stays."""

    notice = "My answer went on for longer than it may, so it ends here; ask me to go on for the rest."
    hint = "An answer went past CONFAB_ANSWER_TIMEOUT or CONFAB_ANSWER_CHARACTERS: raise it if such ones are wanted."
