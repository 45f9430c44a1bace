"""`.env` is written anew with nothing lost: remarks, order, unknown lines, line ends, and bytes that are no text."""

import io
import os
from pathlib import Path

import pytest
from dotenv import dotenv_values
from dotenv.parser import parse_stream
from hypothesis import given, settings
from hypothesis import strategies as st

from bots.setup.env_file import parse_env_file, read_env_file, set_variables, write_env_file

FILE = """\
# Mine
export SLACK_BOT_TOKEN='old'   # of March
UNKNOWN = kept
OPENAI_MODEL=   # the small one

CONFAB_CHANNELS='{"C1":
 {"merge": true}}'
some words that are no setting
PORT=1
PORT=2
"""


def test_a_variable_is_set_in_its_line_and_every_other_line_stays() -> None:
    """With its remark; of two lines the last, which counts; a new one stands at the end."""
    after = set_variables(FILE, {"OPENAI_MODEL": "m", "PORT": "3", "DISCORD_TOKEN": "t", "SLACK_BOT_TOKEN": "new"})
    expected = FILE.replace("OPENAI_MODEL=   # the", "OPENAI_MODEL=   m # the").replace("PORT=2", "PORT=3")
    expected = expected.replace("export SLACK_BOT_TOKEN='old'   # of March", "export SLACK_BOT_TOKEN=new")
    assert parse_env_file(after)["OPENAI_MODEL"] == "m"
    kept = [line for line in expected.splitlines() if "OPENAI_MODEL" not in line]
    assert [line for line in after.splitlines() if "OPENAI_MODEL" not in line] == [*kept, "DISCORD_TOKEN=t"]


lines = st.sampled_from(
    [
        "# a remark",
        "A=1",
        "export B = 'x y'  # z",
        "C",
        "D: 5",
        "",
        "  ",
        'E="a\\nb"',
        "A=2 # twice",
        "F='",
        "ÄÖ=ü",
        "G=",
    ]
)
files = st.tuples(st.lists(lines, max_size=8), st.sampled_from(["\n", "\r\n"]), st.booleans()).map(
    lambda drawn: drawn[1].join(drawn[0]) + (drawn[1] if drawn[2] else "")
)
names = st.sampled_from(["A", "B", "G", "NEW", "OTHER"])
values = st.text(st.characters(codec="utf-8", exclude_characters="\r\n\0$", exclude_categories=["Zl", "Zp", "Cc"]))


@settings(max_examples=80)
@given(st.one_of(files, st.text(max_size=80)), st.dictionaries(names, values.filter(bool), min_size=1, max_size=3))
def test_what_is_set_is_read_again_and_nothing_else_is_touched(text: str, new: dict[str, str]) -> None:
    """Whatever the file holds, and whatever the value."""
    try:
        after = set_variables(text, new)
    except ValueError as error:
        assert "no end" in str(error)  # noqa: PT017 - it is allowed, and then only that
        assert "'" in text or '"' in text
        return
    read = dotenv_values(stream=io.StringIO(after), interpolate=False)
    assert {name: read[name] for name in new} == new
    assert others(after, new) == others(text, new)
    assert after.startswith(text) or {each.key for each in parse_stream(io.StringIO(text))} & set(new)


def others(text: str, new: dict[str, str]) -> list[str]:
    """Return the lines that set nothing of what is new, without the blanks between them."""
    found = (each.original.string.strip() for each in parse_stream(io.StringIO(text)) if each.key not in new)
    return [line for line in found if line]


def test_a_value_has_one_line() -> None:
    """Nobody's answer makes a second variable."""
    with pytest.raises(ValueError, match="one line"):
        set_variables("", {"A": "x\nSLACK_API_URL=http://evil"})


def test_the_file_is_for_its_owner_alone_and_a_link_stays_one(tmp_path: Path) -> None:
    """Bytes that are no text come out as they went in."""
    real, link = tmp_path / "real.env", tmp_path / ".env"
    real.write_bytes(b"A=\xff\r\n")
    real.chmod(0o644)
    link.symlink_to(real)
    write_env_file(link, set_variables(read_env_file(link), {"B": "1"}))
    assert real.read_bytes() == b"A=\xff\r\nB=1\r\n"
    assert link.is_symlink()
    assert real.stat().st_mode & 0o777 == 0o600
    assert sorted(path.name for path in tmp_path.iterdir()) == [".env", "real.env"]


def test_a_file_that_cannot_be_written_stays_as_it_is(tmp_path: Path) -> None:
    """And nothing is left beside it."""
    file = tmp_path / ".env"
    file.write_text("A=1\n")
    with pytest.raises(UnicodeEncodeError):
        write_env_file(file, "A=\ud800\n")
    assert file.read_text() == "A=1\n"
    assert os.listdir(tmp_path) == [".env"]  # noqa: PTH208 - the names alone
