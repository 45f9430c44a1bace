"""What is erased is in no table and in no byte of any file, of which this test finds the tables by itself."""

import time
from collections.abc import Iterator, Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from core.storage.connection import Connection
from core.storage.erase_everywhere import Person, erase_person
from core.storage.erase_rules import RULES
from core.storage.schema.steps import migrate
from core.storage.scrub import scrub_file

CANARY = "canary-7f3a91"
PERSON, NAME = "U7CANARY", "Zoraida Quill"
WHOM = Person("slack", "T1", PERSON)
SQLCIPHER = "0f" * 32
OTHER, OTHERS = "U8OTHER", "kept-2b77"
# Of columns that hold no free text, what a row needs to be one of that person's.
PLACED: dict[str, Any] = {
    **dict(zip(("platform", "workspace", "channel", "thread"), ("slack", "T1", "C1", "1.0"), strict=True)),
    "author_id": PERSON, "author_name": NAME, "person": PERSON, "chosen_by": PERSON, "message_id": "1.0", "about": "",
    "role": "user", "state": "failed", "turn_id": "turn-1", "id": "turn-1", "name": "follow_ups", "hash": "h1",
    "task": "transcriptions", "file_id": CANARY, "platform_id": "1.1", "command": "", "origin": "", "call_id": "",
    "reference": "turn-1", "outcome": "refused", "path": "question", "categories": "[]", "at": time.time(),
    "error": "Unreadable", "leased_by": "", "was": "", "value": "on", "tool": "server__tool",
    "decided_by": PERSON, "granted_by": PERSON,
    "purpose": "answer", "model": "gpt", "host": "", "prices": "", "call_key": "c1", "warned": "", "lifted_by": PERSON,
}  # fmt: skip


@pytest.fixture(params=["", SQLCIPHER], ids=["plain", "encrypted"])
def file(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Connection]:
    """Return a connection to a new file of the newest schema, as a bot has it."""
    with closing(Connection(tmp_path / "confab.db", request.param)) as connection:
        connection.execute("PRAGMA journal_mode = WAL")
        migrate(connection)
        yield connection


def tables(connection: Connection) -> list[str]:
    """Return every table of ours; what SQLite keeps for itself, and for full-text indexes, goes with them."""
    query = "SELECT name FROM pragma_table_list WHERE schema = 'main' AND type IN ('table', 'virtual')"
    names = [str(name) for (name,) in connection.execute(query)]
    return sorted(name for name in names if not name.startswith(("sqlite_", "_sqlite")))


def test_every_table_says_how_it_lets_go_of_people(file: Connection) -> None:
    """By a rule, or by a reason why nothing of anybody stands there; a new table without its line fails here."""
    assert tables(file) == sorted(RULES)
    for table, rule in RULES.items():
        assert rule.of_person or rule.kept, f"{table} says neither how it lets go of a person nor why it need not"


def insert_row(connection: Connection, table: str, text: str, placed: Mapping[str, Any]) -> None:
    """Put a row into a table, with `placed` values by their columns' names, and a text in every other text column."""
    columns = connection.execute("SELECT name, type FROM pragma_table_info(?)", (table,))
    usual = {"TEXT": text, "": text, "INTEGER": 1, "REAL": time.time(), "BLOB": text.encode()}
    values = {name: placed.get(name, usual[kind]) for name, kind in columns if name not in {"seq", "part", "place"}}
    values |= {name: placed.get(name, 0) for name, _ in columns if name in {"part", "place"}}
    names, marks = ", ".join(values), ", ".join("?" for _ in values)
    connection.execute(f"INSERT INTO {table} ({names}) VALUES ({marks})", [*values.values()])  # noqa: S608 - of the schema


def readable(folder: Path, connection: Connection, *words: str) -> set[str]:
    """Return where any of these words can be read: in the bytes of files, and in tables, which may be encrypted."""
    found = {path.name for path in folder.iterdir() if any(word.encode() in path.read_bytes() for word in words)}
    for table in tables(connection):
        rows = repr(connection.execute(f"SELECT * FROM {table}"))  # noqa: S608 - of the schema
        found |= {table for word in words if word in rows}
    return found


def personal_tables() -> list[str]:
    """Return the tables that hold something of people, by what the rules say of them."""
    return [table for table, rule in RULES.items() if rule.label]


def test_what_a_person_left_is_in_no_table_and_in_no_byte_of_any_file(file: Connection, tmp_path: Path) -> None:
    """Their words in every column of text of every table, their id and their name; the log beside the file as well."""
    for table in personal_tables():
        insert_row(file, table, f"{CANARY} by {NAME} ({PERSON})", PLACED)
    assert {*personal_tables()} <= readable(tmp_path, file, CANARY, PERSON, NAME)
    erase_person(file, WHOM)
    scrub_file(file)
    assert readable(tmp_path, file, CANARY, PERSON, NAME) == set()


def test_what_others_left_stays_without_the_name(file: Connection, tmp_path: Path) -> None:
    """Each row of theirs is there, and the person in it is somebody; a longer word that begins alike is another."""
    insert_row(file, "entries", f"{CANARY} by {NAME}", PLACED)
    apart = {"thread": "2.0", "message_id": "2.0", "turn_id": "turn-2", "id": "turn-2", "hash": "h2", "entry": 2}
    apart |= {"tool": "server__other", "call_key": "c2"}
    own = {"author_id": OTHER, "author_name": "Bo", "person": OTHER, "chosen_by": OTHER, "file_id": OTHERS}
    own |= {"decided_by": OTHER, "granted_by": OTHER}
    for table in personal_tables():
        told = dict.fromkeys(RULES[table].prose, f"{OTHERS}: {NAME} and {PERSON}, not {NAME}s")
        insert_row(file, table, OTHERS, PLACED | apart | own | told | {"calls": ""})
    erase_person(file, WHOM)
    scrub_file(file)
    assert readable(tmp_path, file, CANARY, PERSON, f"{NAME} ") == set()
    assert {table for table in personal_tables() if RULES[table].prose} <= readable(tmp_path, file, f"not {NAME}s")
    assert {*personal_tables()} - {"preferences"} <= readable(tmp_path, file, OTHERS, OTHER)
