"""The table of what a person reads of an error and what an operator does, written into the docs from the tree."""

from pathlib import Path

from core import errors
from core.errors import BotError
from core.llm import errors as llm_errors
from core.moderation import errors as moderation_errors
from core.spending import errors as spending_errors
from core.voice import errors as voice_errors

ROOT = Path(__file__).parents[2]
OPERATING = "docs/operating.md"
HEAD = "| In the channel | For the operator |\n|---|---|\n"


def error_classes() -> list[type[BotError]]:
    """Return every error that a person is told of, in the order of the tree."""
    kept = (errors, llm_errors, moderation_errors, voice_errors, spending_errors)
    known = [each for module in kept for each in vars(module).values()]
    kinds = [kind for kind in known if isinstance(kind, type) and issubclass(kind, BotError)]
    return list(dict.fromkeys(kind for kind in kinds if "notice" in vars(kind)))


def with_error_table(page: str) -> str:
    """Return a page of the docs with its table as the tree has it now."""
    before, _, rest = page.partition(HEAD)
    rows = [f"| {kind.notice} | {kind.hint} |\n" for kind in error_classes()]
    return f"{before}{HEAD}{''.join(rows)}\n{rest.partition(chr(10) * 2)[2]}"


if __name__ == "__main__":
    path = ROOT / OPERATING
    path.write_text(with_error_table(path.read_text()))
