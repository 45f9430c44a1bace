"""What an operator puts in to be looked up, beside a bot that runs and without one."""

from pathlib import Path

from click.testing import CliRunner

from bots.knowledge_commands import learn, sources
from core.storage.settings import StorageSettings
from deploy.sandbox.openai.model import Reply
from deploy.sandbox.wire.server import Sandbox
from tests.support.database import column
from tests.support.room import answers, ask
from tests.unit.test_operator_commands import told
from tests.unit.test_process import process

ON = {"CONFAB_KNOWLEDGE": "files", "CONFAB_CHANNEL_CONTEXT": "0"}


def files(folder: Path) -> Path:
    """Make a folder of files; return it."""
    inner = folder / "papers" / "inner"
    inner.mkdir(parents=True)
    (folder / "papers" / "hours.md").write_text("The cafeteria opens at 11:45.")
    (inner / "prices.csv").write_text("dish,price\nsoup,3.20\npie,4.80\n")
    (folder / "papers" / ".env").write_text("TOKEN=secret")
    (folder / "papers" / "photo.png").write_bytes(b"\x89PNG\r\n\x1a\n")
    return folder / "papers"


def said_by_learn(folder: Path, *arguments: str, status: int = 0) -> str:
    """Return what `learn` says."""
    done = CliRunner().invoke(learn, [*arguments, "--database", str(folder / "confab.db")], obj=StorageSettings())
    assert done.exit_code == status, done.output
    return done.output


def said_by_sources(folder: Path, *arguments: str, status: int = 0) -> str:
    """Return what `sources` says."""
    done = CliRunner().invoke(sources, [*arguments, "--database", str(folder / "confab.db")], obj=StorageSettings())
    assert done.exit_code == status, done.output
    return done.output


def test_files_are_put_in_while_no_bot_runs_and_listed_and_taken_away(tmp_path: Path) -> None:
    """A folder's texts, for one channel or for all; one that was put in before is renewed, and a wrong name is told."""
    papers, here = files(tmp_path), ("--channel", "slack:T1:C0GENERAL")
    said = said_by_learn(tmp_path, str(papers), *here)
    assert "[1/2]" in said
    assert "2 of 2 files were put in" in said
    assert "once Confab has started" in said
    said_by_learn(tmp_path, str(papers / "hours.md"))
    said_by_learn(tmp_path, str(papers / "hours.md"), *here)
    listed = said_by_sources(tmp_path)
    assert sorted(line.split("  ")[:3] for line in listed.splitlines()) == [
        ["2", "slack:T1:C0GENERAL", "prices.csv"],
        ["3", "everywhere", "hours.md"],
        ["4", "slack:T1:C0GENERAL", "hours.md"],
    ]
    assert "waiting" in listed
    assert "everywhere" not in said_by_sources(tmp_path, *here)
    assert "no longer looked up" in said_by_sources(tmp_path, "--remove", "3")
    assert "no source" in said_by_sources(tmp_path, "--remove", "3", status=1)
    assert "is named as slack:WORKSPACE:C123" in said_by_learn(tmp_path, str(papers), "--channel", "C1", status=2)


async def test_a_bot_that_runs_takes_up_what_is_put_in(sandbox: Sandbox, tmp_path: Path) -> None:
    """By its signal; the command shows how far it has come."""
    papers = files(tmp_path)
    async with process(sandbox, tmp_path, **ON):
        channel = f"slack:{sandbox.workspace.team}:C0GENERAL"
        said = await told(tmp_path, "learn", str(papers / "hours.md"), "--channel", channel)
        assert "1 of 1 can be looked up" in said
        sandbox.model.script.append(Reply("At 11:45 [S1]."))
        answer = answers(sandbox, await ask(sandbox, "when does the cafeteria open?"))[-1]
        assert "At 11:45 [S1]." in answer
        assert "hours.md" in answer
    assert column(tmp_path / "confab.db", "SELECT text FROM passages") == ["The cafeteria opens at 11:45."]
