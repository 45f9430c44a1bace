"""What later prompts see of a turn."""

import time
from collections.abc import Callable, Sequence
from dataclasses import replace

from core.errors import ContentFiltered, ContextOverflow, RefusedRequest
from core.messages import Entry
from core.moderation.errors import QuestionRefused
from core.outcome import Outcome
from core.prompt.ask import PreparedQuestion

# Kept in the history, they would fail every turn
NEVER_AGAIN = (ContextOverflow, ContentFiltered, RefusedRequest, QuestionRefused)

NOT_KEPT = "[What was found is not kept; it can be looked for again.]"


def entries_of(asked: PreparedQuestion, answer: Outcome, count: Callable[[str], int], *, sees: bool) -> list[Entry]:
    """Return what is kept of a question and its answer; a question without one stays, so that one can say `again`.

    `count` counts tokens; pictures stay only where the model `sees` them.
    """
    if not answer.is_admitted or (isinstance(answer.error, NEVER_AGAIN) and not answer.text):
        return []
    question = asked.prompt.question
    if question.images and not sees:
        question = replace(question, images=(), tokens=0)
    if not answer.text:
        return [question]
    said = Entry("assistant", answer.text, None, answer.message_id, time.time(), tokens=count(answer.text))
    return [question, *_without_passing(asked.prompt.following, asked.extras.passing), said]


def _without_passing(following: Sequence[Entry], passing: frozenset[str]) -> list[Entry]:
    """Return calls and results, of those tools whose results copy what may be deleted without what they returned."""
    ids = {call.id for entry in following for call in entry.calls if call.name in passing}
    return [replace(each, text=NOT_KEPT, tokens=0) if each.call_id in ids else each for each in following]
