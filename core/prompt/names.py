"""How people are called in one conversation, so that none can pass for another, and how answers are freed of names."""

import hashlib
import unicodedata
from collections import defaultdict
from collections.abc import AsyncGenerator, AsyncIterator, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from core.confusables import LATIN
from core.errors import ModelError
from core.messages import Author
from core.model_events import ModelEvent, Notice, Replace, Text
from core.sanitize import sanitize_name

TAG_LENGTH = 4  # characters behind a name that others bear as well
TAG_TOKENS = 6  # what such a tag may take of a prompt

# Letters that look like others, by the letters that they look like (Unicode, confusables.txt: the commonest of them).
CONFUSABLES = {
    ord(letter): like
    for like, letters in {
        "a": "\u0430\u03b1\u0251",
        "b": "\u042c\u0184\u0432\u03b2",
        "c": "\u0441\u03f2",
        "d": "\u0501",
        "e": "\u0435\u0454\u03b5",
        "g": "\u0261\u0581",
        "h": "\u04bb\u043d\u0570",
        "i": "\u0456\u0131\u03b9\u0269",
        "j": "\u0458\u03f3",
        "k": "\u043a\u03ba",
        "l": "1|\u04cf\u217c",
        "m": "\u043c\u217f",
        "n": "\u043f\u03b7\u0578",
        "o": "0\u043e\u03bf\u03c3\u0585",
        "p": "\u0440\u03c1",
        "q": "\u051b\u0566",
        "r": "\u0433\u027e",
        "s": "\u04555\ua731",
        "t": "\u0442\u03c4",
        "u": "\u03c5\u057d\u0446",
        "v": "\u0475\u03bd\u2174",
        "w": "\u051d\u03c9\u0448\u0561",
        "x": "\u0445\u03c7\u00d7",
        "y": "\u0443\u03b3\u04af\u10e7",
        "z": "\u1d22\u0290",
    }.items()
    for letter in letters
}


class _LookAlikes(dict[int, str]):
    """A table for str.translate, filled as it is asked: what a letter looks like, by Unicode's name for it at the last.

    A letter with a stroke, in small capitals, turned, in a square or in a flag's letters is that letter.
    """

    def __missing__(self, code: int) -> str:
        letter = chr(code)
        named = "" if letter.isascii() else _latin_letter_in(unicodedata.name(letter, ""))
        like = self[code] = CONFUSABLES.get(code) or LATIN.get(code) or named or letter
        return like


def _latin_letter_in(name: str) -> str:
    """Return the letter that a name of Unicode's says, empty for none: `LATIN SMALL LETTER TURNED A WITH STROKE`."""
    head, _, tail = name.rpartition(" LETTER ")
    letter = tail.partition(" WITH ")[0].rpartition(" ")[2].lower()
    is_latin = "LATIN" in head.split() or "REGIONAL INDICATOR" in head
    return letter if is_latin and len(letter) == 1 and letter.isascii() and letter.isalpha() else ""


LOOK_ALIKES = _LookAlikes()


def skeleton_of(name: str) -> str:
    """Return what is left of a name once all that looks alike is the same: two people of one skeleton collide."""
    folded = unicodedata.normalize("NFKD", sanitize_name(name).translate(LOOK_ALIKES)).casefold().translate(LOOK_ALIKES)
    folded = folded.translate({ord("i"): "l"}).replace("rn", "m").replace("vv", "w")
    return "".join(letter for letter in folded if letter.isalnum())


@dataclass(frozen=True, slots=True)
class SpeakerNames:
    """What the people of a conversation are called, by their id and display name."""

    names: Mapping[tuple[str, str], str] = field(default_factory=dict)

    def name_of(self, author: Author) -> str:
        """Return what a person is called in the prompt."""
        return self.names.get((author.id, author.name)) or sanitize_name(author.name)

    def all_names(self) -> tuple[str, ...]:
        """Return what everybody is called, with and without what tells them apart."""
        bare = (sanitize_name(name) for _, name in self.names)
        return tuple(dict.fromkeys((*self.names.values(), *bare)))


def speaker_names(authors: Iterable[Author]) -> SpeakerNames:
    """Return what people are called: by their names, with a tag from the id where several bear one that looks alike."""
    known = {(author.id, author.name): skeleton_of(author.name) for author in authors}
    bearers: dict[str, set[str]] = defaultdict(set)
    for (author_id, _), skeleton in known.items():
        bearers[skeleton].add(author_id)
    return SpeakerNames(
        {
            (author_id, name): f"{sanitize_name(name)} #{_tag(author_id)}"
            if len(bearers[skeleton]) > 1
            else sanitize_name(name)
            for (author_id, name), skeleton in known.items()
        }
    )


def _tag(author_id: str) -> str:
    return hashlib.sha256(author_id.encode()).hexdigest()[:TAG_LENGTH]


class LeadingName:
    """Cuts `<name>: ` from the beginning of an answer; holds back only what may still be one."""

    def __init__(self, names: Iterable[str]) -> None:
        self._labels = [f"{name}:" for name in names]
        self._held = ""
        self._is_decided = not self._labels

    def take_piece(self, piece: str) -> str:
        """Return what can be shown now that `piece` has come."""
        if self._is_decided:
            return piece
        self._held += piece
        said = self._held.lstrip()
        for label in self._labels:
            if said[: len(label)].casefold() == label[: len(said)].casefold():
                rest = said[len(label) :]
                if not rest.strip():
                    return ""  # it may be about to be a name and what follows it
                if rest[0].isspace():
                    return self._decide(rest.lstrip())
        return self._decide(self._held)

    def rest(self) -> str:
        """Return what is still held back when the answer has ended."""
        return "" if self._is_decided else self._decide(self._held)

    def _decide(self, text: str) -> str:
        self._is_decided = True
        return text


def _pass_on(answer: LeadingName, event: ModelEvent) -> Iterator[ModelEvent]:
    """Yield what becomes of an event that takes nothing back; a notice is no part of the answer."""
    if not isinstance(event, Notice):
        shown = answer.take_piece(event.text) if isinstance(event, Text) else answer.rest()
        if shown:
            yield Text(shown)
    if not isinstance(event, Text):
        yield event


async def without_leading_name(
    events: AsyncIterator[ModelEvent], names: Sequence[str]
) -> AsyncGenerator[ModelEvent, None]:
    """Pass on what a model says without one of these names before it: small models repeat how people are told."""
    answer = LeadingName(names)
    try:
        async for event in events:
            if isinstance(event, Replace):
                answer = LeadingName(names)
                yield Replace(answer.take_piece(event.text) + answer.rest(), at_once=event.at_once)
                continue
            for each in _pass_on(answer, event):
                yield each
    except ModelError:
        if shown := answer.rest():
            yield Text(shown)
        raise
    if shown := answer.rest():
        yield Text(shown)
