"""Reads the chunks of one answer, as an endpoint sends them, and tells what is to be shown and how it ended."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from core.errors import AnswerCutByLength, ContentFiltered, EmptyAnswer, GarbledAnswer, ModelError, StreamCut
from core.llm.body import decode_json
from core.llm.deltas import Delta, read_delta, read_usage
from core.llm.dialects.finishes import end_of, read_finish
from core.llm.dialects.shapes import is_fault
from core.llm.dialects.thoughts import ThoughtFilter
from core.llm.echoes import redact_echoes
from core.llm.errors import AnswerTooLong, BareEnd
from core.llm.halves import HalfJoiner
from core.llm.opening import AnswerOpening
from core.llm.refusals import Refused, complaint_in_stream
from core.llm.sse import DONE, EventParser, ServerEvent
from core.llm.tool_calls import ToolCallReader
from core.messages import Usage
from core.model_events import Finish, ModelEvent, Replace, Text, ToolCalls
from core.sanitize import valid_text

REPEATED = 16  # characters: as much of an answer does not come twice by chance
MOST_CHOICES = 128  # OpenAI API reference, `n`


@dataclass(slots=True)
class Choice:
    """One of the answers that a model makes to the same prompt."""

    pieces: list[str] = field(default_factory=list)
    finish: str = ""

    def whole_text(self) -> str:
        """Return all that has come, thoughts and all."""
        return "".join(self.pieces)


class CompletionReader:
    """One answer as it grows. Give it every event; it returns what to show, and in the end how it ended.

    With `holds`, nothing is shown before it is known whether the answer began in a thought; `most` is how many
    characters may come in all, thoughts included. Calls of tools are told where it `may_call`, and else are no answer.
    """

    def __init__(
        self, opening: str = "", *, holds: bool = False, most: int = 1_000_000, may_call: bool = False
    ) -> None:
        self.alive = False  # whether the model has said or thought anything yet
        self.ended = False
        self._thoughts = ThoughtFilter()
        self._opening = AnswerOpening(self._thoughts.filter_piece(opening))
        self._choices: dict[int, Choice] = {0: Choice()}
        self._calls = ToolCallReader()
        self._may_call = may_call
        self._usage: Usage | None = None
        self._holds = holds
        self._kept: list[str] = []  # what is to be shown, or is held back by `holds`
        self._half = HalfJoiner()
        self._shown = self._restarts = self._chunked = False
        self._left = most

    @property
    def is_primed(self) -> bool | None:
        """Whether the answer began in the midst of a thought; None where nothing tells that yet."""
        return True if self._thoughts.is_primed else (False if self._shown else None)

    def read_events(self, events: Iterable[ServerEvent]) -> tuple[list[ModelEvent], bool, Refused | ModelError | None]:
        """Return what events add, whether one was a sign of life, and the fault at which reading stopped.

        Text and reasoning are signs of life. A fault is GarbledAnswer for what is not a chunk, AnswerTooLong, or
        Refused for an error in a chunk's place; it is returned, so that the text before it can be shown.
        """
        life, fault = False, None
        try:
            for event in events:
                if event.data == DONE:
                    self.ended = True
                    break
                life = self._take_event(event) or life
        except (Refused, GarbledAnswer, AnswerTooLong) as error:
            fault = error
        return list(self._events()), life, fault

    def take(self, chunk: Any) -> bool:
        """Take in one chunk, or a whole completion; return whether it was a sign of life."""
        if isinstance(chunk, list) and len(chunk) == 1:
            chunk = chunk[0]
        if is_fault(chunk):
            raise Refused(complaint_in_stream(chunk))
        if not isinstance(chunk, Mapping):
            raise GarbledAnswer("a chunk is not a JSON object")
        choices = chunk.get("choices") or ()
        if not isinstance(choices, list | tuple) or len(choices) > MOST_CHOICES:
            raise GarbledAnswer("a chunk has another shape than a chat completion's")
        self._usage = read_usage(chunk) or self._usage
        self._chunked = self._chunked or bool(choices)
        lives = [self._take_choice(choice) for choice in choices if isinstance(choice, Mapping)]
        self.alive = self.alive or any(lives)
        return any(lives)

    def read_whole(self, body: str) -> Iterator[ModelEvent]:
        """Yield what a body of JSON holds that came in place of a stream: one completion, or a chunk in each line.

        Raises Refused for an error, GarbledAnswer for what is none of these, and AnswerTooLong behind the text.
        """
        fault: Refused | ModelError | None = None
        try:
            told = decode_json(body)
            for chunk in told if isinstance(told, list) else [told]:
                self.take(chunk)
        except ValueError:
            parser = EventParser()
            events, _, fault = self.read_events([*parser.feed(body.encode()), *parser.parse_rest()])
            yield from events
        except AnswerTooLong as error:
            fault = error
        yield from self._events()
        if fault:
            raise fault
        self.ended = self._chunked
        if not self.ended:
            raise GarbledAnswer("a JSON body without choices")

    def finish_answer(self) -> Iterator[ModelEvent]:
        """Yield what is left when no more comes: text that was held back, the usage, and how it ended.

        Raises StreamCut, ContentFiltered, EmptyAnswer or AnswerCutByLength after that.
        """
        choice = self._choices[0]
        if not (self.ended or choice.finish):
            raise StreamCut("the stream ended without a finish reason")
        if not self._chunked:
            raise BareEnd("nothing but the end of a stream")
        meant = end_of(choice.finish) if choice.finish else "done"
        self._finish(is_cut=meant != "done")
        yield from self._events()
        calls = self._calls.whole_calls() if self._may_call and meant == "done" else ()
        if not self._shown and not calls and (spare := self._spare()):
            choice, text = spare
            meant = end_of(choice.finish) if choice.finish else "done"
            self._kept.append(text)
            yield from self._events()
        if calls:
            yield ToolCalls(calls)
        if self._usage:
            yield self._usage
        self._judge(choice.finish, meant, is_answer=self._shown or bool(calls))
        yield Finish(choice.finish or "stop")

    def _judge(self, finish: str, meant: str, *, is_answer: bool) -> None:
        told = f"finish reason {redact_echoes(finish[:40], finish)}"  # an endpoint's own words alone
        if meant == "length" and not is_answer and not self.alive:
            raise BareEnd(told)
        if meant == "filter":
            raise ContentFiltered(told)
        if meant == "broken":
            raise StreamCut(told)
        if not is_answer:
            raise EmptyAnswer(told)
        if meant == "length":
            raise AnswerCutByLength(told)

    def _finish(self, *, is_cut: bool) -> None:
        """Let go of what was held back of the first choice."""
        if is_cut and self._holds and not self._thoughts.has_thought:
            self._kept.clear()
        self._keep(self._thoughts.filter_piece(self._half.replace_rest()))
        self._keep(self._thoughts.filter_rest(is_cut=is_cut))
        self._holds = False
        self._kept.append(self._opening.rest())

    def _spare(self) -> tuple[Choice, str] | None:
        """Return another choice that holds text, with it, for when the first holds none."""
        for index, choice in self._choices.items():
            meant = end_of(choice.finish) if choice.finish else "done"
            if (
                index
                and meant != "filter"
                and (text := strip_thoughts(valid_text(choice.whole_text()), is_cut=meant != "done")).strip()
            ):
                return choice, text
        return None

    def _events(self) -> Iterator[ModelEvent]:
        """Yield what is to be shown by now: text, which takes the place of all before where that was a thought."""
        if self._holds and not self._thoughts.has_thought:
            return
        text = "".join(self._kept)
        self._kept.clear()
        if self._restarts:
            self._restarts = self._shown = False
            yield Replace(text)
        elif text:
            yield Text(text)
        self._shown = self._shown or bool(text.strip())

    def _take_event(self, event: ServerEvent) -> bool:
        is_fault = event.is_error or event.status >= 400
        chunk = _decode_chunk(event.data, words=is_fault)
        if event.is_error or (is_fault and not _has_choices(chunk)):
            complaint = complaint_in_stream(chunk)
            raise Refused(replace(complaint, status=complaint.status or event.status))
        return self.take(chunk)

    def _take_choice(self, choice: Mapping[str, Any]) -> bool:
        if choice.get("error"):
            raise Refused(complaint_in_stream(choice))
        index = choice.get("index")
        index = index if isinstance(index, int) and 0 <= index < MOST_CHOICES else 0
        kept = self._choices.setdefault(index, Choice())
        delta = read_delta(choice, kept.whole_text)
        before, finish = kept.finish, read_finish(choice.get("finish_reason"))
        if (before or (finish and len(delta.text) >= REPEATED)) and delta.text == kept.whole_text():
            delta = Delta("", delta.thought)  # all of it once more, behind its end or with it
        kept.finish = finish or before
        text = delta.text[: max(0, self._left)]
        self._left -= len(delta.text) + delta.thought
        self._holds = self._holds and not delta.thought  # thoughts that come apart are not in the text
        kept.pieces.append(text)
        if text and not index:
            self._keep(self._thoughts.filter_piece(self._half.join(text)))
        if self._left < 0:
            raise AnswerTooLong("more characters than an answer may have")
        if not index and self._may_call:
            self._calls.take_choice(choice)
        return bool(delta.text or delta.thought)

    def _keep(self, shown: str) -> None:
        """Keep what can be shown of the first choice now, in place of all before where that was a thought."""
        if self._thoughts.is_taken_back:
            self._thoughts.is_taken_back = False
            self._restarts = self._restarts or self._shown
            self._opening = AnswerOpening("")
            self._kept.clear()
        self._kept.append(self._opening.put_before(shown))


def strip_thoughts(said: str, *, is_cut: bool = False) -> str:
    """Return a whole answer without its thoughts."""
    thoughts = ThoughtFilter()
    shown = thoughts.filter_piece(said)
    return shown + thoughts.filter_rest(is_cut=is_cut)


def _decode_chunk(data: str, *, words: bool) -> Any:
    """Return what a chunk holds; where it may be `words`, as an error may, these."""
    try:
        return decode_json(data)
    except ValueError:
        if words:
            return data
        raise GarbledAnswer(f"{len(data)} characters that are not JSON") from None


def _has_choices(chunk: Any) -> bool:
    return isinstance(chunk, Mapping) and bool(chunk.get("choices"))
