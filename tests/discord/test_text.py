"""What people write in Discord as Confab reads it, and what Confab writes as Discord takes it."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bots.discord.markdown import display_width, render_markdown
from bots.discord.message_text import opens_with_other_mention, resolve_tokens
from bots.discord.outgoing import LONGEST, MessageSplitter, nonce_of, utf16_units
from bots.discord.places import ReplyHandle
from bots.discord.thread_names import LONGEST as LONGEST_NAME
from bots.discord.thread_names import name_from_question, plain_name_of

ME = 10
NAMES = {"@1": "@Ada", "@&2": "@engineers", "#3": "#general"}


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("<@10> what?", "what?"),
        ("<@!10>, <@10>: what?", "what?"),
        ("and <@10>?", "and?"),
        ("did <@1> tell <@&2> in <#3>?", "did @Ada tell @engineers in #general?"),
        ("<@!1> said so", "@Ada said so"),
        ("<@99> <:party:123> <a:wave:456>", "<@99> :party: :wave:"),
        ("  if a < b and b > c:\n    pass", "if a < b and b > c:\n    pass"),
        ("<t:1700000000:R>", "2023-11-14 22:13 UTC"),
    ],
)
def test_a_text_is_read_as_it_is_shown(written: str, read: str) -> None:
    """With names for ids, and without the bot's own mention."""
    assert resolve_tokens(written, ME, NAMES) == read


@pytest.mark.parametrize(
    ("text", "is_for_others"), [("<@1> you?", True), (" <@!1>", True), ("<@10> you?", False), ("you, <@1>?", False)]
)
def test_who_is_named_first_is_meant(text: str, is_for_others: bool) -> None:
    """A mention in mid-sentence is none."""
    assert opens_with_other_mention(text, ME) == is_for_others


@given(st.text(alphabet="<@!&#:>0123ab \n`", max_size=60))
def test_whatever_is_written_is_read(text: str) -> None:
    """Nothing fails, and nothing stays of our own mention that a reader could take for one."""
    assert f"<@{ME}>" not in resolve_tokens(text, ME, NAMES) or f"<@{ME}>" not in text


@given(st.text(min_size=1, max_size=6_000), st.integers(1, 4))
def test_no_part_is_longer_than_discord_takes(text: str, most: int) -> None:
    """Whether its length is counted in code points, or in the units of Discord's apps."""
    parts = MessageSplitter(most)(text)
    assert len(parts) <= most + 1
    assert all(utf16_units(part) <= LONGEST for part in parts[:most])


@given(st.lists(st.text(alphabet="ab \n#-", min_size=1, max_size=900), min_size=1, max_size=12), st.integers(1, 3))
def test_nothing_is_lost_between_the_parts_and_the_file(pieces: list[str], most: int) -> None:
    """However the text grew: all of its words are there, in order, and earlier parts stay as they are."""
    cut, text = MessageSplitter(most), ""
    before: list[str] = []
    for piece in pieces:
        text += piece
        parts = cut(text, is_whole=piece is pieces[-1])
        assert parts[: len(before) - 1] == before[:-1]
        before = parts
    told = re.sub(r"[ \t]*- \u2026\s", "", "\n".join(before))  # bullets that hold up an item behind a cut
    assert "".join(told.split()) == "".join(render_markdown(text).split())


@given(st.text(max_size=50), st.integers(0, 100))
def test_a_nonce_is_short_and_always_the_same(turn: str, part: int) -> None:
    """Discord takes 25 characters; discord.py does not look."""
    assert len(nonce_of(turn, part)) <= 25
    assert nonce_of(turn, part) == nonce_of(turn, part)
    assert nonce_of(turn, part) != nonce_of(turn, part + 1)


def test_a_handle_is_read_as_it_was_written() -> None:
    """It waits in the inbox as text."""
    handle = ReplyHandle.of_interaction("1", "token", "2", 1_700_000_000.0)
    assert ReplyHandle.parse_handle(str(handle)) == handle
    assert not handle.is_valid
    assert not ReplyHandle("1").is_valid


def test_a_threads_name_tells_nothing_of_the_question() -> None:
    """It is made of the message's id, within Discord's hundred characters."""
    assert plain_name_of("1574324968257224704") == "Confab 4704"


RULE = "\u2500" * 16
TABLE = "| name | euros |\n|---|--:|\n| **tuna** | 12 |\n| 寿司 | 3 |"
WIDE_TABLE = f"| name | what |\n|---|---|\n| tuna | {'fish ' * 12}|"


@pytest.mark.parametrize(
    ("markdown", "shown"),
    [
        (TABLE, "```\nname  euros\n----  -----\ntuna  12\n寿司  3\n```"),
        (f"so:\n\n{TABLE}\n\nend", "so:\n\n```\nname  euros\n----  -----\ntuna  12\n寿司  3\n```\n\nend"),
        (WIDE_TABLE, f"- name: tuna\n  - what: {'fish ' * 12}".rstrip()),
        ("| a |\n|---|\n| [x](https://a.example) |", "- a: [x](https://a.example)"),
        ("| q | a |\n|---|---|\n| capital? | ||Paris|| |", "- q: capital?\n  - a: ||Paris||"),
        ("| q | a |\n|---|---|\n| capital? | \\|\\|Paris\\|\\| |", "- q: capital?\n  - a: ||Paris||"),
        ("q | ||a||\n--|--\n1 | 2", "- q: 1\n  - ||a||: 2"),
        ("||So:\n\n| a |\n|---|\n| b |\n||", "||So:\n\n```\na\n-\nb\n```\n||"),
        ("| op |\n|---|\n| `a || b` |\n| `c \\|\\| d` |", "```\nop\n------\na || b\nc || d\n```"),
        ("#### Small", "**Small**"),
        ("###### **Tiny** ##", "**Tiny**"),
        ("# Large", "# Large"),
        ("a<br>b<BR />c", "a\nb\nc"),
        ("`<br>` and `![a](b)`", "`<br>` and `![a](b)`"),
        ("![cat](https://a.example/c.png)", "[cat](https://a.example/c.png)"),
        ("[![ok](https://a.example/b.svg)](https://a.example) x", "[ok](https://a.example) x"),
        ("[![](b.svg)](https://a.example) and [a](b)", "[link](https://a.example) and [a](b)"),
        ("![](https://a.example/c.png)", "https://a.example/c.png"),
        ("```\n#### a\n| a |\n|---|\n```", "```\n#### a\n| a |\n|---|\n```"),
        ("- [ ] a\n  1. [x] b\n- [x](b)", "- \u2610 a\n  1. \u2611 b\n- [x](b)"),
        ("a\n\n---\n\n* * *\n<hr>\n- - b", f"a\n\n{RULE}\n\n{RULE}\n{RULE}\n- - b"),
        (">> a\n>>> b\n> > c\n> d", "> a\n> b\n> c\n> d"),
        ("<details>\n<summary>More</summary>\n\na\n</details>\nb", "**More**\n\na\nb"),
        ("a<details>b", "a<details>b"),
        ("![a](<https://a.example/b c.png>) a&nbsp;b", "[a](<https://a.example/b c.png>) a b"),
        ("> | a | b |\n> |---|---|\n> | 1 | 2 |\nc | d", "> ```\n> a  b\n> -  -\n> 1  2\n> ```\nc | d"),
        (f"|{'c|' * 12}\n|{'-|' * 12}\n|{'1000|' * 12}", "\n  - ".join(["- c: 1000", *["c: 1000"] * 11])),
        ("| a |\n|---|\n| \u2764\ufe0f |", "```\na\n--\n\u2764\ufe0f\n```"),
    ],
)
def test_what_discord_does_not_know_becomes_what_it_does(markdown: str, shown: str) -> None:
    """Code stays as it is."""
    assert render_markdown(markdown) == shown


def test_a_spoiler_in_a_late_row_of_a_table_stays_hidden() -> None:
    """The rows above it were shown as code already; from there on the table is a list."""
    rows = [f"| row {number} | x |" for number in range(40)]
    growing = "\n".join(["| q | a |", "|---|---|", *rows, "| row 40 | ||secret|| |", "| row 41 | y |", ""])
    shown = render_markdown(growing, is_whole=False)
    assert shown.split("\n")[-6:] == ["```", "- q: row 40", "  - a: ||secret||", "- q: row 41", "  - a: y", ""]
    assert shown.startswith(render_markdown(growing[: growing.index("| row 40")], is_whole=False).rstrip("\n"))


def test_wide_letters_take_two_columns() -> None:
    """And what stands above a letter none."""
    assert [display_width(text) for text in ("ab", "寿司", "e\u0301", "한")] == [2, 4, 1, 2]
    family, ready, flags = "\U0001f469\u200d\U0001f467", "\U0001f44d\U0001f3fd", "\U0001f1e9\U0001f1ea"
    assert {display_width(text) for text in (family, ready, flags, "\u2764\ufe0f", "1\ufe0f\u20e3", "\u2705")} == {2}


ROWS_OF_TABLES = st.sampled_from(
    [
        "| a | b |",
        "|---|---|",
        "| 寿司 | x |",
        "a|b",
        "",
        "#### x",
        "![a](b)",
        "[![a](b)](c)",
        "x<br>",
        "```",
        "- i",
        "| ||s|| | b |",
        "||",
        "- [x] i",
        "---",
        "***",
        ">> q",
        "> | a | b |",
        "> |---|---|",
        "<details>",
        "<summary>m</summary>",
        "<hr>",
        "a&nbsp;b",
    ]
)


@given(st.lists(ROWS_OF_TABLES, max_size=45).map("\n".join), st.data())
def test_what_is_shown_of_a_text_that_grows_stays(markdown: str, data: st.DataObject) -> None:
    """A table is shown once it is known how it looks."""
    end = data.draw(st.integers(0, len(markdown)))
    assert render_markdown(markdown).startswith(render_markdown(markdown[:end], is_whole=False).rstrip("\n"))


@pytest.mark.parametrize(
    ("markdown", "shown"),
    [
        ("[bank.com](https://evil.com)", "bank.com (https://evil.com)"),
        ("![bank.com](https://evil.com)", "bank.com (https://evil.com)"),
        (
            "_I did not read `[bank.com](https://evil.com)`: why._",
            "_I did not read `[bank.com]\u2060(https://evil.com)`: why._",
        ),
        ("||[https://bank.com](https://bank.com@evil.com)||", "||https://bank.com (https://bank.com@evil.com)||"),
        ("[the docs](https://docs.python.org) [bank.com](https://bank.com/a)",) * 2,
    ],
)
def test_a_link_that_names_another_address_is_shown_dead(markdown: str, shown: str) -> None:
    """One sees what was written, and where the link would have led."""
    assert MessageSplitter(5)(markdown) == [shown]


@pytest.mark.parametrize("piece", ["[a](", "](", "[a.io](b.io)", "[", "**", "|", "\u00a0 ", "||", "`", "<br", "#"])
def test_hostile_answers_of_forty_thousand_characters_are_shown(piece: str) -> None:
    """The work grows with the text, not with its square: this would otherwise never end."""
    cut = MessageSplitter(40)
    for whole in (False, True):
        assert all(utf16_units(part) <= LONGEST for part in cut(piece * (40_000 // len(piece)), is_whole=whole)[:40])
    assert render_markdown("a|b\n" + " " * 40_000 + "x|")


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("what did we decide?", "what did we decide?"),
        ("**when** do we `ship`\n\nIn reply to Ada:\n> x", "when do we ship"),
        ("\u202etxt.exe\u200b", "txt.exe"),
        ("# > || ~~", "Confab 4704"),
        ("", "Confab 4704"),
        ("word " * 30, "word word word word word word word word word word…"),
    ],
)
def test_a_threads_name_is_the_questions_first_words(text: str, name: str) -> None:
    """Without markup and what cannot be seen; where nothing is left, a name that tells nothing."""
    assert name_from_question(text, "1574324968257224704") == name


@given(st.text())
def test_a_threads_name_is_one_that_discord_takes(text: str) -> None:
    """Of 1 to 100 UTF-16 units, in one line."""
    name = name_from_question(text, "1574324968257224704")
    assert 1 <= len(name) <= LONGEST_NAME + 1
    assert utf16_units(name) <= 100
    assert len(name.splitlines()) == 1
