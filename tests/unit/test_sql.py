"""The rows' statements are in what SQLite and PostgreSQL both take, and read alike."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

STORAGE = Path(__file__).parents[2] / "core" / "storage"
ENGINES_OWN = {
    "encryption.py",  # of a file that is one engine's
    "scrub.py",
    "connection.py",
    "database.py",
    "backup.py",
    "passages.py",
    "persona_search.py",  # word search is each engine's own
}  # one engine's types, errors and file
REFUSED = {  # by PostgreSQL, or read differently in silence
    "ON CONFLICT DO UPDATE needs a target": r"ON CONFLICT DO UPDATE",
    "CASE in place of iif": r"\biif\s*\(",
    "a column in place of JSON": r"\bjson\w*\s*\(|->",
    "RETURNING in place of rowcount": r"\browcount\b",
    "a ? in place of a name": r"(?<![:\w]):[a-z]\w*",
    "no REPLACE": r"\bINSERT OR\b|\bREPLACE INTO\b",
    "no PRAGMA": r"\bPRAGMA\b",
    "no literal %": r"LIKE '[^']*%",
    "BIGINT in place of INTEGER": r"\bAS (INTEGER|REAL)\b",
    "an integer in place of a comparison": r"(SET|,) \w+ = \(?\w+ [<>=]+ ",
    "no empty list": r"IN \(\)",
    "no GLOB": r"\bGLOB\b|\browid\b",
}


def faults_of(source: str) -> Iterator[str]:
    """Yield what one engine does not take of the statements in a module's source."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Attribute) and node.attr in {"rowcount", "fetchone", "fetchall", "executescript"}:
            yield f"{node.lineno}: {node.attr}"
        text = _text(node)
        if not re.search(r"\b(SELECT|INSERT|UPDATE|DELETE|WHERE|CASE)\b", text):
            continue
        yield from (f"{text[:50]}: {fault}" for fault, pattern in REFUSED.items() if re.search(pattern, text))


def _text(node: ast.AST) -> str:
    """Return a string as it stands in the source, with `{}` for each part that is put in; empty where it is none."""
    match node:
        case ast.JoinedStr(values=parts):
            return "".join(_text(part) or "{}" for part in parts)
        case ast.Constant(value=str(text)):
            return text
    return ""


@pytest.mark.parametrize("name", sorted({path.name for path in STORAGE.glob("*.py")} - ENGINES_OWN))
def test_every_statement_is_in_what_both_engines_take(name: str) -> None:
    """Only hold and leave, waking, and the types of the schema differ by engine."""
    assert list(faults_of((STORAGE / name).read_text())) == []


@pytest.mark.parametrize(
    "statement",
    [
        "INSERT INTO marks VALUES (?, ?) ON CONFLICT DO UPDATE SET value = 1",
        "UPDATE turns SET answer = iif(?, answer, NULL)",
        "UPDATE turns SET payload = json_set(payload, '$.a', 1)",
        "SELECT payload ->> 'a' FROM turns",
        "SELECT 1 FROM turns WHERE id = :id",
        "INSERT OR IGNORE INTO marks VALUES (1)",
        "SELECT 1 FROM turns WHERE id LIKE 'a%'",
        "SELECT CAST(value AS INTEGER) FROM marks WHERE 1 = 1",
        "UPDATE memories SET due = begins > 0",
        "UPDATE memories SET summary = '', due = (summarised = 0 AND begins > 0)",
    ],
)
def test_what_one_engine_refuses_is_found(statement: str) -> None:
    """Each rule is shown a statement that breaks it."""
    assert list(faults_of(f"connection.execute({statement!r})"))
    assert list(faults_of("connection.execute('SELECT 1 FROM turns').rowcount"))
