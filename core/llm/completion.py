"""Reads the chunks of one answer, as an endpoint sends them, and tells what is to be shown and how it ended."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from core.errors import AnswerCutByLength, ContentFiltered, EmptyAnswer, GarbledAnswer, ModelError, StreamCut
from core.llm.body import decode_json
from core.llm.refusals import Refused, complaint_in_stream
from core.messages import Finish, ModelEvent, Text, Usage

LENGTH = frozenset({"length", "max_tokens", "model_length"})  # OpenAI, Anthropic's compatible address, Mistral
FILTER = frozenset({"content_filter", "safety"})


@dataclass(slots=True)
class Choice:
    """One of the answers that a model makes to the same prompt."""

    pieces: list[str] = field(default_factory=list)
    finish: str = ""


class Opening:
    """Puts the opening before an answer once, also where the model repeats it."""

    def __init__(self, opening: str) -> None:
        self._opening = opening
        self._held = ""
        self._decided = not opening

    def add(self, piece: str) -> str:
        """Return what can be shown now that `piece` has come."""
        if self._decided:
            return piece
        self._held += piece
        said, target = self._held.lstrip(), self._opening.strip()
        if len(said) < len(target) and target.startswith(said):
            return ""  # it may be about to repeat the opening
        self._decided = True
        return said if said.startswith(target) else self._opening + self._held

    def rest(self) -> str:
        """Return what is still held back when the answer has ended."""
        return "" if self._decided or not self._held.strip() else self._opening


class CompletionReader:
    """One answer as it grows. Give it every chunk; it returns the text to show, and in the end how it ended."""

    def __init__(self, opening: str) -> None:
        self.alive = False  # whether the model has said or thought anything yet
        self.ended = False
        self._opening = Opening(opening)
        self._choices: dict[int, Choice] = {0: Choice()}
        self._usage: Usage | None = None
        self._shown = False

    def read(self, chunks: Iterable[str]) -> tuple[str, bool, Refused | ModelError | None]:
        """Return the text that chunks add, whether one was a sign of life, and the fault at which reading stopped.

        Text and reasoning are signs of life. A fault is GarbledAnswer for what is not a chunk, or Refused for an
        error in a chunk's place; it is returned, so that the text before it can be shown.
        """
        texts, life = [], False
        try:
            for data in chunks:
                if data == "[DONE]":
                    self.ended = True
                    break
                text, lives = self.take(_decoded(data))
                texts.append(text)
                life = life or lives
        except (Refused, GarbledAnswer) as fault:
            return "".join(texts), life, fault
        return "".join(texts), life, None

    def read_whole(self, body: str) -> str:
        """Return the text of an answer that came as one JSON body although a stream was asked for."""
        completion = _decoded(body)
        text, _ = self.take(completion)
        self.ended = bool(completion.get("choices"))
        if not self.ended:
            raise GarbledAnswer("a JSON body without choices")
        return text

    def take(self, chunk: Any) -> tuple[str, bool]:
        """Return the text that one chunk adds, or a whole completion, and whether it was a sign of life."""
        if not isinstance(chunk, dict):
            raise GarbledAnswer("a chunk is not a JSON object")
        if chunk.get("error") or chunk.get("object") == "error":
            raise Refused(complaint_in_stream(chunk))
        try:
            self._note_usage(chunk)
            said = [self._take_choice(choice) for choice in chunk.get("choices") or ()]
        except (AttributeError, TypeError, KeyError, ValueError):
            raise GarbledAnswer("a chunk has another shape than a chat completion's") from None
        life = any(life for _, life in said)
        self.alive = self.alive or life
        return "".join(text for text, _ in said), life

    def end(self) -> Iterator[ModelEvent]:
        """Yield what is left when no more comes: text that was held back, the usage, and how it ended.

        Raises StreamCut, ContentFiltered, EmptyAnswer or AnswerCutByLength after that.
        """
        choice = self._choices[0]
        if not (self.ended or choice.finish):
            raise StreamCut("the stream ended without a finish reason")
        rest = self._opening.rest()
        if not (self._shown or rest):
            choice = self._spare() or choice
            rest = "".join(choice.pieces)
        if rest:
            yield Text(rest)
        if self._usage:
            yield self._usage
        self._judge(choice.finish, shown=self._shown or bool(rest.strip()))
        yield Finish(choice.finish or "stop")

    def _judge(self, finish: str, *, shown: bool) -> None:
        if finish in FILTER:
            raise ContentFiltered(f"finish reason {finish}")
        if not shown:
            raise EmptyAnswer(f"finish reason {finish or 'none'}")
        if finish in LENGTH:
            raise AnswerCutByLength(f"finish reason {finish}")
        if finish == "error":
            raise StreamCut("finish reason error")

    def _spare(self) -> Choice | None:
        """Return another choice that holds text, for when the first holds none."""
        spares = (choice for index, choice in self._choices.items() if index and choice.finish not in FILTER)
        return next((choice for choice in spares if "".join(choice.pieces).strip()), None)

    def _take_choice(self, choice: dict[str, Any]) -> tuple[str, bool]:
        delta = choice.get("delta") or choice.get("message") or {}
        piece = _words(delta.get("content")) or delta.get("refusal") or ""
        index = choice.get("index") or 0
        kept = self._choices.setdefault(index, Choice())
        kept.finish = choice.get("finish_reason") or kept.finish
        if not piece:
            thought = delta.get("reasoning_content") or delta.get("reasoning") or delta.get("tool_calls")
            return "", bool(thought)
        kept.pieces.append(piece)
        if index:
            return "", True
        text = self._opening.add(piece)
        self._shown = self._shown or bool(text.strip())
        return text, True

    def _note_usage(self, chunk: dict[str, Any]) -> None:
        told = chunk.get("usage")
        if told:  # some endpoints tell it with every chunk, and the last one counts
            cached = (told.get("prompt_tokens_details") or {}).get("cached_tokens") or 0
            asked, answered = told.get("prompt_tokens") or 0, told.get("completion_tokens") or 0
            self._usage = Usage(int(asked), int(answered), int(cached), str(chunk.get("model") or ""))


def _decoded(data: str) -> Any:
    try:
        return decode_json(data)
    except ValueError:
        raise GarbledAnswer(f"{len(data)} characters that are not JSON") from None


def _words(content: Any) -> str:
    """Return the text of a delta; Mistral's reasoning models send a list of parts, with thoughts among them."""
    if isinstance(content, list):
        return "".join(part.get("text") or "" for part in content if part.get("type") == "text")
    return content or ""
