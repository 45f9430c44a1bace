"""Personas on the command line: taken in, found, given out and dropped, with versions and faults told."""

import json
import signal
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from bots.operator_commands import LOOK_AGAIN
from bots.persona_commands import personas
from core.personas.card_files import read_card_file
from core.storage.settings import StorageSettings
from core.storage.store import Store
from tests.support.cards import as_json, as_png, card_v2
from tests.support.database import column, dump


def run(folder: Path, *arguments: str, status: int = 0) -> Result:
    """Return what the command line says."""
    result = CliRunner().invoke(personas, arguments, obj=StorageSettings(database=str(folder / "confab.db")))
    assert result.exit_code == status, result.output
    return result


def write(folder: Path, name: str, content: bytes) -> str:
    """Return the path of a new file."""
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return str(path)


def test_cards_are_taken_in_listed_and_given_out_as_they_came(tmp_path: Path) -> None:
    """A file, a folder; JSON to standard output and a picture."""
    ada = write(tmp_path, "ada.png", as_png({"chara": card_v2()}))
    write(tmp_path, "more/bob.json", as_json(card_v2("Bob", description="bakes bread", tags=["cook"])))
    write(tmp_path, "more/notes.txt", b"not a card")
    assert run(tmp_path, "import", ada, str(tmp_path / "more")).output.startswith("2 added, 0 with")
    assert run(tmp_path, "list").output.splitlines() == [
        "Ada #1  by somebody  [bird, marsh]",
        "Bob #2  by somebody  [cook]",
    ]
    for words in ("bread", "COOK", "bo", "bake bread"):
        assert run(tmp_path, "list", *words.split()).output.startswith("Bob")
    assert run(tmp_path, "list", "zebra").output == "None.\n"
    told = json.loads(run(tmp_path, "export", "ada").output)
    assert told["data"].items() >= card_v2()["data"].items()
    run(tmp_path, "export", "Ada", "--png", str(tmp_path / "out.png"))
    [back] = read_card_file((tmp_path / "out.png").read_bytes(), "")
    assert back.document == told


def test_a_card_that_changed_is_a_new_version_and_one_that_did_not_is_known(tmp_path: Path) -> None:
    """By its name and its creator: somebody else's Ada is another one, and a number tells them apart."""
    for description in ("one", "two", "two"):
        run(tmp_path, "import", write(tmp_path, "ada.json", as_json(card_v2(description=description))))
    path = tmp_path / "confab.db"
    assert column(path, "SELECT number FROM persona_versions ORDER BY seq") == [1, 2]
    assert json.loads(run(tmp_path, "export", "Ada").output)["data"]["description"] == "two"
    assert run(tmp_path, "list", "one").output == "None.\n"
    run(tmp_path, "import", write(tmp_path, "other.json", as_json(card_v2("ADA", creator="another"))))
    said = run(tmp_path, "export", "Ada", status=1).output
    assert "several" in said
    assert "ADA #2  by another" in said
    assert json.loads(run(tmp_path, "export", "ada #2").output)["data"]["creator"] == "another"


def test_files_that_cannot_be_taken_in_are_told_and_the_others_are_taken(tmp_path: Path) -> None:
    """Each with its reason, and a status that a script can read."""
    good = write(tmp_path, "good.json", as_json(card_v2()))
    said = run(tmp_path, "import", write(tmp_path, "bad.json", b"{"), good, status=1).output
    assert "1 added" in said
    assert "bad.json: it is no JSON" in said
    assert "no persona of that name" in run(tmp_path, "export", "Eve", status=1).output


def test_a_lorebook_goes_into_a_card_and_its_picture_stays(tmp_path: Path) -> None:
    """As a new version of it."""
    book = {"spec": "lorebook_v3", "data": {"entries": [{"keys": ["heron"], "content": "Grey."}]}}
    run(tmp_path, "import", write(tmp_path, "ada.png", as_png({"chara": card_v2()})))
    lore = write(tmp_path, "lore.json", as_json(book))
    assert "1 with a new version" in run(tmp_path, "import", "--into", "Ada", lore).output
    told = json.loads(run(tmp_path, "export", "Ada").output)
    assert told["data"]["character_book"]["entries"] == book["data"]["entries"]  # type: ignore[index]  # as it stands above
    assert len(set(column(tmp_path / "confab.db", "SELECT picture FROM persona_versions"))) == 1


def test_who_is_removed_is_nowhere_any_more(tmp_path: Path) -> None:
    """Neither words nor picture nor versions."""
    run(tmp_path, "import", write(tmp_path, "ada.png", as_png({"chara": card_v2(description="a canary sings")})))
    assert "canary" in dump(tmp_path / "confab.db")
    assert run(tmp_path, "remove", "Ada").output == "Ada is gone.\n"
    for table in ("personas", "persona_versions", "persona_pictures"):
        assert column(tmp_path / "confab.db", f"SELECT count(*) FROM {table}") == [0]  # noqa: S608 - a constant
    assert run(tmp_path, "list", "canary").output == "None.\n"


async def test_cards_come_in_beside_a_bot_that_holds_the_database(tmp_path: Path) -> None:
    """It serves on meanwhile, is told, and finds them."""
    store, heard = Store(tmp_path / "confab.db"), list[int]()
    usual = signal.signal(LOOK_AGAIN, lambda number, _: heard.append(number))
    try:
        run(tmp_path, "import", write(tmp_path, "ada.json", as_json(card_v2())))
        assert await store.run(lambda db: db.execute("SELECT name FROM personas")) == [("Ada",)]
        assert heard == [LOOK_AGAIN]
    finally:
        signal.signal(LOOK_AGAIN, usual)
        await store.close()


@pytest.mark.prove
def test_twenty_thousand_cards_are_taken_in_within_150_seconds(tmp_path: Path) -> None:
    """As many files."""
    for number in range(20_000):
        write(tmp_path, f"cards/{number}.json", as_json(card_v2(f"Ada {number}", description="a b c " * 300)))
    assert run(tmp_path, "import", str(tmp_path / "cards")).output.endswith("known already.\n")
    assert column(tmp_path / "confab.db", "SELECT count(*) FROM personas") == [20_000]
