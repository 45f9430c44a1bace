"""What the bench asks, and where each answer stands: all of it comes with this machine or this project."""

import gzip
import pydoc_data.topics
import random
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

OWN = Path(__file__).parent / "questions"
MANUAL = Path("/usr/share/man")  # Debian keeps manual pages there, where its packages were not told to leave them out
MOST_PAGES, MOST_ASKED = 3_000, 400
LONGEST = 4_000  # characters of a manual page
NAME = re.compile(r'^\.S[Hh] +"?NAME"?\s*\n(.*?)(?=^\.S[Hh])', re.MULTILINE | re.DOTALL)
MACRO = re.compile(r"^[.'](?:\\\"|[A-Za-z]{2}\b).*$|^\.[A-Za-z]+ ?", re.MULTILINE)
ESCAPE = re.compile(r"\\(?:f(?:\[\w*\]|\(\w\w|\w)|s[-+]?\d|\(\w\w|[&|%/^])|\\\*\(\w\w")


@dataclass(frozen=True, slots=True)
class Text:
    """Something that is put in: its name, and its text."""

    name: str
    text: str
    channel: str = "general"


@dataclass(frozen=True, slots=True)
class Asked:
    """A question, and the name of the text that answers it; empty where none does that may be read."""

    question: str
    answer: str = ""


@dataclass(frozen=True, slots=True)
class QuestionSet:
    """Texts, and what is asked about them in the channel `general`."""

    name: str
    texts: tuple[Text, ...]
    asked: tuple[Asked, ...]


def manual_pages() -> QuestionSet | None:
    """Return the first manual pages of this machine, each asked for by its line of `whatis`; None where it has none."""
    pages = {page.name: page for page in _read_pages()}
    if not pages:
        return None
    asked = [Asked(page.question, page.name) for page in pages.values()]
    random.Random(18).shuffle(asked)
    return QuestionSet(
        "manual pages", tuple(Text(each.name, each.text) for each in pages.values()), tuple(asked[:MOST_ASKED])
    )


@dataclass(frozen=True, slots=True)
class _Page:
    name: str
    question: str
    text: str


def _read_pages() -> Iterator[_Page]:
    count = 0
    for path in sorted(path for section in (1, 8, 5, 7) for path in MANUAL.glob(f"man{section}/*.gz")):
        source = gzip.decompress(path.read_bytes()).decode(errors="replace")
        found = NAME.search(source)
        about = _plain(found[1]).partition(" - ")[2].strip() if found else ""
        if found and len(about.split()) > 2:
            yield _Page(path.name, " ".join(about.split()), _plain(source.replace(found[1], ""))[:LONGEST])
            count += 1
            if count == MOST_PAGES:
                return


def _plain(source: str) -> str:
    """Return roff without its marks, as far as words are concerned."""
    return ESCAPE.sub("", MACRO.sub("", source.replace("\\-", "-"))).replace('"', "")


def python_topics() -> QuestionSet:
    """Return the topics of Python's own documentation, each asked for by its heading, which is taken out of it."""
    topics = pydoc_data.topics.topics
    texts, asked = [], []
    for name, text in topics.items():
        heading, _, rest = text.strip().partition("\n")
        texts.append(Text(name, rest))
        asked.append(Asked(heading.strip("*"), name))
    return QuestionSet("Python's topics", tuple(texts), tuple(asked))


def own_questions() -> dict[str, QuestionSet]:
    """Return the project's own 200 questions over what was said in channels, by kind."""
    lines = [line.split("\t") for line in (OWN / "answerable.tsv").read_text(encoding="utf-8").splitlines()]
    hidden = [line.split("\t") for line in (OWN / "invisible.tsv").read_text(encoding="utf-8").splitlines()]
    unknown = (OWN / "unanswerable.txt").read_text(encoding="utf-8").splitlines()
    texts = (
        *(Text(str(number), fact) for number, (_, fact, *_) in enumerate(lines)),
        *(Text(f"hidden {number}", fact, channel) for number, (channel, fact, _) in enumerate(hidden)),
    )
    plain = [Asked(each, str(number)) for number, line in enumerate(lines) for each in (line[2], *line[4:]) if each]
    kinds = {
        "plain": plain,
        "paraphrased": [Asked(line[3], str(number)) for number, line in enumerate(lines)],
        "unanswerable": [Asked(each) for each in unknown],
        "invisible": [Asked(line[2]) for line in hidden],
    }
    return {kind: QuestionSet(f"own questions, {kind}", texts, tuple(asked)) for kind, asked in kinds.items()}
