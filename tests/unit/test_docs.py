"""The documents say what is so: their commands, paths, links and settings are looked up in the project."""

import re
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest

from bots.settings import Settings
from tests.support.error_table import OPERATING, error_classes, with_error_table

ROOT = Path(__file__).parents[2]
PAGES = tuple(f"docs/{path.name}" for path in sorted((ROOT / "docs").glob("*.md")))
DOCUMENTS = ("README.md", "CONTRIBUTING.md", "CHANGELOG.md", *PAGES)
LONGEST_README = 7_000  # bytes: it is read in one sitting, and the rest stands in docs/
NAMING_SETTINGS = (
    *DOCUMENTS,
    "core/errors.py",
    "core/moderation/errors.py",
    "core/settings.py",
    "core/policy.py",
    *(f"deploy/{name}" for name in ("Dockerfile", "compose.yaml", "confab.service", "slack-manifest.yaml")),
)
TOP = ("bots", "core", "tests", "deploy", "docs", ".ci", ".github")
# Files that come to be on an operator's machine, and so are not in the repository.
MADE_LATER = {".env", ".venv", "confab.db"}

SPAN = re.compile(r"```\w*\n(.*?)```|`([^`\n]+)`", re.DOTALL)
LINK = re.compile(r"\]\(([^)\s]+)\)")
SETTING = re.compile(r"\b(?:CONFAB|SLACK|OPENAI)_[A-Z0-9_]+\b")
FILE = re.compile(r"[\w.-]+\.(?:py|md|toml|txt|yaml|yml|service|png|example|db)|Makefile|Dockerfile|LICENSE|\.\w+")


def read(name: str) -> str:
    """Return a file of the repository as text."""
    return (ROOT / name).read_text()


def code(text: str) -> Iterator[str]:
    """Yield what stands in code spans and fenced blocks."""
    for block, span in SPAN.findall(text):
        yield block or span


def targets(text: str) -> set[str]:
    """Return X of each `make X` in code."""
    return {found for piece in code(text) for found in re.findall(r"(?:^|[\s;&])make ([a-z]+)", piece)}


def paths(text: str) -> set[str]:
    """Return each word in code that is a path of the repository: in a folder of ours, or named as a file is."""
    words = {word.rstrip(".,:;)") for piece in code(text) for word in re.split(r"[\s\"'(]+", piece)}
    return {word for word in words if (word.split("/")[0] in TOP and "/" in word) or FILE.fullmatch(word)}


def anchors(text: str) -> set[str]:
    """Return the anchor that each heading gets: lower case, words joined by hyphens, no punctuation."""
    headings = re.findall(r"^#+ (.+)$", text, re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}


def missing(found: Iterable[str]) -> list[str]:
    """Return the paths at which nothing is."""
    return sorted(path for path in found if path not in MADE_LATER and not (ROOT / path).exists())


def dead(document: str, text: str) -> list[str]:
    """Return the links within the repository that lead nowhere: to no file, or to no heading of one."""
    inner = [link for link in LINK.findall(text) if not re.match(r"https?://", link)]
    return [link for link in inner if not _resolves(document, text, *link.partition("#")[::2])]


def _resolves(document: str, text: str, path: str, anchor: str) -> bool:
    file = (ROOT / document).parent / path if path else None
    if file is None:
        return anchor in anchors(text)
    return file.exists() and (not anchor or anchor in anchors(file.read_text()))


def unknown_settings(text: str) -> list[str]:
    """Return the names that look like a setting and are none."""
    return sorted(set(SETTING.findall(text)) - set(Settings.names()))


@pytest.mark.parametrize("document", DOCUMENTS)
def test_every_make_target_that_is_named_exists(document: str) -> None:
    """Each stands in the Makefile with a line of help."""
    defined = set(re.findall(r"^([a-z]+):.*## ", read("Makefile"), re.MULTILINE))
    assert targets(read(document)) - defined == set()


@pytest.mark.parametrize("document", DOCUMENTS)
def test_every_path_that_is_named_exists(document: str) -> None:
    """What moved or went is named no longer."""
    assert missing(paths(read(document))) == []


@pytest.mark.parametrize("document", DOCUMENTS)
def test_every_link_leads_somewhere(document: str) -> None:
    """Files and headings; addresses of others are not asked."""
    assert dead(document, read(document)) == []


@pytest.mark.parametrize("name", NAMING_SETTINGS)
def test_every_setting_that_is_named_exists(name: str) -> None:
    """In the documents, in what deploys Confab, and in the sentences for an operator."""
    assert unknown_settings(read(name)) == []


def test_the_readme_is_read_in_one_sitting() -> None:
    """What it is, the picture, the commands, how to connect, and where to read on."""
    assert len(read("README.md").encode()) < LONGEST_README


def test_every_page_is_found_from_the_readme() -> None:
    """A page to which no link leads is read by nobody."""
    links = {link.partition("#")[0] for link in LINK.findall(read("README.md"))}
    found = {link for link in links if link.startswith("docs/")}
    onward = {f"docs/{link.partition('#')[0]}" for page in found for link in LINK.findall(read(page))}
    assert set(PAGES) - found - onward == set()


def test_every_sentence_of_an_error_stands_in_the_docs() -> None:
    """The table of what a person sees and an operator does is written from the tree by `make docs`."""
    assert len(error_classes()) > 10
    assert read(OPERATING) == with_error_table(read(OPERATING)), "make docs"


def test_what_an_operator_sees_of_a_fault_is_what_the_log_says() -> None:
    """Each line of the log, state, command and error that the table of faults names stands in the code."""
    page = read("docs/promise.md")
    table = page.split("| Fault | In the channel | For the operator |\n|---|---|---|\n")[1].split("\n\n")[0]
    named = {name for row in table.splitlines() for name in re.findall(r"`([^`]+)`", row.split("|")[3])}
    source = "".join(path.read_text() for folder in ("bots", "core") for path in (ROOT / folder).rglob("*.py"))
    assert len(named) > 10
    unknown = [name for name in named if f'"{name.split(" --")[0]}"' not in source and f"class {name}(" not in source]
    assert unknown == []


def test_the_tests_are_run_in_one_way() -> None:
    """The command under the README's heading on tests is the one that .ci/run calls."""
    section = re.search(r"^## Running the tests\n.*?```sh\n(.+?)\n", read("README.md"), re.MULTILINE | re.DOTALL)
    assert section
    assert section[1] == "make test"
    assert section[1] in read(".ci/run").splitlines()


def test_the_changelog_says_what_is_not_released_yet() -> None:
    """Keep a Changelog: the newest changes stand first, under Unreleased."""
    assert re.findall(r"^## (.+)$", read("CHANGELOG.md"), re.MULTILINE)[0] == "[Unreleased]"


def test_a_document_that_has_rotted_is_found() -> None:
    """Each of the looks above is shown something that is not so."""
    text = "# A heading: what & why\nRun `make nothing`, see `core/nowhere.py`, `gone.md` and `.env`.\n"
    assert targets(text) == {"nothing"}
    assert targets("```sh\ncd confab && make run\n```\nmake it so") == {"run"}
    assert missing(paths(text)) == ["core/nowhere.py", "gone.md"]
    assert paths("`/slack/events` on `chat.postMessage`, `application/json`, `deploy/`") == {"deploy/"}
    assert anchors(text) == {"a-heading-what--why"}
    links = "[a](#a-heading-what--why) [b](#b) [c](LICENSE) [d](LICENCE) [e](https://x.example) [f](LICENSE#x)"
    assert dead("README.md", text + links) == ["#b", "LICENCE", "LICENSE#x"]
    assert unknown_settings("`CONFAB_GRACE`, `SLACK_BOT_TOKEN` and `OPENAI_COLOUR`") == ["OPENAI_COLOUR"]
