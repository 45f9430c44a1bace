"""What people are told of the calls that were made: names and sources, never arguments."""

from collections.abc import AsyncGenerator, AsyncIterator, Iterable, Iterator, Sequence

from core.llm.client import OpenAI
from core.model_events import ReplyEvent, Text
from core.outcome import Outcome
from core.prompt.ask import PreparedQuestion, left_out
from core.tool_calls import CallRecord


async def append_notes(
    reply: AsyncIterator[ReplyEvent],
    asked: PreparedQuestion,
    answer: Outcome,
    calls: Sequence[CallRecord],
    model: OpenAI,
) -> AsyncGenerator[ReplyEvent, None]:
    """Pass a reply on; say below it where not all of the question was read or seen, and what was looked up."""
    async for event in reply:
        yield event
    for note in _notes(asked, answer, calls, sees=model.sees):
        yield Text(f"\n\n{note}")


def _notes(asked: PreparedQuestion, answer: Outcome, calls: Sequence[CallRecord], *, sees: bool) -> Iterator[str]:
    """Yield the notes below an answer; what may have happened is told even where there is none."""
    if answer.text:
        yield from left_out(asked, sees=sees)
        yield from filter(None, (format_steps(calls),))
    yield from filter(None, (format_uncertain(calls),))


def format_running(records: Iterable[CallRecord]) -> str:
    """Return the line that stands below the text while calls are made."""
    return f"_Looking it up with_ {', '.join(_name(each) for each in records)} _…_"


def format_steps(records: Iterable[CallRecord]) -> str:
    """Return the line into which it folds at the end of the answer; empty where nothing was looked up."""
    steps = [f"{_name(each)}{' (failed)' if each.state == 'failed' else ''}" for each in records if _was_made(each)]
    return f"_Looked up with_ {', '.join(dict.fromkeys(steps))}" if steps else ""


def format_uncertain(records: Iterable[CallRecord]) -> str:
    """Return what is said of calls that may have been made before a crash; empty where there are none."""
    names = dict.fromkeys(f"`{each.call.name}`" for each in records if each.state == "uncertain")
    if not names:
        return ""
    return f"_I was interrupted while I used_ {', '.join(names)}_: it may have happened, and I did not repeat it._"


def _was_made(record: CallRecord) -> bool:
    return record.state in {"returned", "failed"}


def _name(record: CallRecord) -> str:
    return f"`{record.call.name}`" + (f" ({record.source})" if record.source else "")
