"""What a lorebook tells of a character's world, by the words that are spoken. Pure.

Card specification V3, Lorebook. Patterns are a stranger's: RE2 runs them in linear time, and one that it does not take
matches nothing.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import re2

from core.personas.card import mapping_in, text_in, texts_in

MOST_ENTRIES, MOST_KEYS, LONGEST_KEY = 2_000, 40, 300  # of one book, of an entry, and of a key in characters
KEYS_IN_ALL, PATTERNS_IN_ALL = 5_000, 200  # of a book: what is beyond is never looked for
LONGEST_CONTENT = 20_000  # characters
SCANNED = 12_000  # characters of what was said, the latest of them
USUAL_DEPTH, DEEPEST = 6, 50  # messages that are looked through
USUAL_BUDGET, LARGEST_BUDGET = 1_024, 8_000  # tokens
ROUNDS = 3  # of entries that name others
PATTERN_MEMORY = 1 << 20  # bytes of one compiled pattern
OPTIONS = re2.Options()
OPTIONS.max_mem, OPTIONS.log_errors = PATTERN_MEMORY, False


@dataclass(frozen=True, slots=True)
class LoreEntry:
    """One entry: what it tells, and when. `order` says where it stands, `priority` what goes last where room is short.

    `required` are keys of which one has to be there as well, `excluded` those of which none may be.
    """

    content: str
    keys: tuple[str, ...] = ()
    required: tuple[str, ...] = ()
    excluded: tuple[str, ...] = ()
    is_pattern: bool = False
    is_constant: bool = False
    minds_case: bool = False
    order: float = 0.0
    priority: float = 0.0
    depth: int | None = None

    @property
    def all_keys(self) -> tuple[str, ...]:
        """All that is looked for because of it."""
        return (*self.keys, *self.required, *self.excluded)

    def matches(self, text: str, folded: str) -> bool:
        """Whether a text calls for it; `folded` is the same text without case."""

        def stands(key: str) -> bool:
            if self.is_pattern:
                return _matches_pattern(key, text, minds_case=self.minds_case)
            return key in text if self.minds_case else key.casefold() in folded

        is_called = any(map(stands, self.keys)) and (not self.required or any(map(stands, self.required)))
        return is_called and not any(map(stands, self.excluded))


@dataclass(frozen=True, slots=True)
class Lorebook:
    """A book: its entries in order, how far back it looks, how many tokens it tells, if entries call others."""

    entries: tuple[LoreEntry, ...] = ()
    depth: int = USUAL_DEPTH
    budget: int = USUAL_BUDGET
    is_recursive: bool = False

    def constants(self) -> list[LoreEntry]:
        """Return what is told whatever is said."""
        return [each for each in self.entries if each.is_constant]

    def called_by(self, said: Sequence[str], count: Callable[[str], int]) -> str:
        """Return what is called for by what was `said`, the latest last, within the budget; `count` counts tokens."""
        found: dict[LoreEntry, None] = {}
        for _ in range(ROUNDS if self.is_recursive else 1):
            told = "\n".join(each.content for each in found)
            new = [each for each in self._called_in(said, told) if each not in found]
            if not new:
                break
            found |= dict.fromkeys(new)
        return "\n\n".join(each.content for each in self.within_budget(found, count))

    def _called_in(self, said: Sequence[str], told: str) -> Iterator[LoreEntry]:
        """Yield the entries that are called for by what was said, or `told` by other entries."""
        texts: dict[int, tuple[str, str]] = {}
        for each in self.entries:
            depth = self.depth if each.depth is None else each.depth
            if depth not in texts:
                text = "\n".join((*(said[-depth:] if depth else ()), told))[-SCANNED:]
                texts[depth] = text, text.casefold()
            if not each.is_constant and each.matches(*texts[depth]):
                yield each

    def within_budget(self, found: Iterable[LoreEntry], count: Callable[[str], int]) -> list[LoreEntry]:
        """Return as many entries as may be told, the lowest priority left out first, in their order."""
        left, kept = self.budget, set[LoreEntry]()
        for each in sorted(found, key=lambda entry: (-entry.priority, entry.order)):
            left -= count(each.content)
            if left < 0:
                break
            kept.add(each)
        return [each for each in self.entries if each in kept]


def read_lorebook(book: Mapping[str, Any], put_in: Callable[[str], str]) -> Lorebook:
    """Return the book of a card, as far as it can be used; `put_in` puts macros into a text."""
    listed = book.get("entries")
    raw = [each for each in listed if isinstance(each, dict)][:MOST_ENTRIES] if isinstance(listed, list) else []
    read = (_read_entry(each, put_in) for each in raw if each.get("enabled", True))
    entries = sorted((each for each in read if each and each.content), key=lambda each: each.order)
    depth = min(DEEPEST, int(_number_in(book, "scan_depth", USUAL_DEPTH)))
    budget = min(LARGEST_BUDGET, int(_number_in(book, "token_budget", USUAL_BUDGET)))
    bounded = tuple(_within_bounds(dict.fromkeys(entries)))
    return Lorebook(bounded, max(depth, 0), max(budget, 0), bool(book.get("recursive_scanning")))


def lorebook_texts(book: Mapping[str, Any]) -> list[str]:
    """Return every text of a book that can come to be told."""
    listed = book.get("entries")
    return [text_in(each, "content") for each in listed if isinstance(each, dict)] if isinstance(listed, list) else []


def _within_bounds(entries: Iterable[LoreEntry]) -> Iterator[LoreEntry]:
    """Yield entries as long as what is looked for because of them stays bearable."""
    left = {True: PATTERNS_IN_ALL, False: KEYS_IN_ALL}
    for each in entries:
        left[each.is_pattern] -= len(each.all_keys)
        if left[each.is_pattern] >= 0 or each.is_constant:
            yield each


def _read_entry(raw: Mapping[str, Any], put_in: Callable[[str], str]) -> LoreEntry | None:
    marks, content = _split_decorators(text_in(raw, "content"))
    if "dont_activate" in marks:
        return None
    is_pattern = raw.get("use_regex") is True
    keys = _keys_of(texts_in(raw, "keys"), is_pattern=is_pattern)
    own = LoreEntry(
        content=put_in(content[:LONGEST_CONTENT]).strip(),
        keys=(*keys, *_keys_of(marks.get("additional_keys", ""))),
        required=_keys_of(texts_in(raw, "secondary_keys"), is_pattern=is_pattern) if raw.get("selective") else (),
        excluded=_keys_of(marks.get("exclude_keys", "")),
        is_pattern=is_pattern,
        is_constant=raw.get("constant") is True or "activate" in marks,
        minds_case=raw.get("case_sensitive") is True,
        order=_number_in(raw, "insertion_order", 0.0),
        priority=_number_in(raw, "priority", 0.0),
    )
    depth = marks.get("scan_depth", "")
    return replace(own, depth=min(int(depth), DEEPEST)) if depth.isdecimal() and len(depth) < 4 else own


def _split_decorators(content: str) -> tuple[dict[str, str], str]:
    """Return the `@@name value` lines at a content's beginning by their names, and what stands below them."""
    lines, marks = content.split("\n"), dict[str, str]()
    while lines and lines[0].startswith("@@"):
        name, _, value = lines.pop(0).lstrip("@").partition(" ")
        marks.setdefault(name.strip().casefold(), value.strip())
    return marks, "\n".join(lines)


def _keys_of(keys: Sequence[str] | str, *, is_pattern: bool = False) -> tuple[str, ...]:
    """Return keys that can be looked for: a text's, with commas between them, or a list's."""
    listed = keys.split(",") if isinstance(keys, str) else keys
    usable = [each if is_pattern else each.strip() for each in listed if each.strip() and len(each) <= LONGEST_KEY]
    return tuple(usable[:MOST_KEYS])


def _matches_pattern(key: str, text: str, *, minds_case: bool) -> bool:
    """Whether a pattern is found, as it stands or between slashes with JavaScript's flags; one that is none is not."""
    body, flags = key, "" if minds_case else "i"
    if key.startswith("/") and key.rfind("/") > 0:
        body, _, written = key[1:].rpartition("/")
        flags = "".join(flag for flag in "ims" if flag in written)
    try:
        return re2.search(f"(?{flags}){body}" if flags else body, text, OPTIONS) is not None
    except re2.error:
        return False


def _number_in(data: Mapping[str, Any], name: str, usual: float) -> float:
    value = data.get(name)
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return float(value) if is_number and abs(value) < 1e9 else usual  # type: ignore[arg-type]  # it is one


def book_of(data: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the lorebook in a card."""
    return mapping_in(data, "character_book")
