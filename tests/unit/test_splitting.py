"""Splitting: every part fits, nothing is lost, and a cut that was made never moves."""

import re
import unicodedata

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from bots.markdown.splitting import Growing, Limit, Splitter, close, split

WORDS = st.sampled_from(
    [
        "word",
        "naïve",
        "日本語のとても長い文。",
        "👩‍👩‍👧‍👦",
        "🇩🇪🇫🇷",
        "👍🏽",
        "e\u0301e\u0301",
        "x" * 70,
        "`code`",
        "**b**",
        "a|b",
        "한국어",
    ]
)
LINES = st.lists(WORDS, min_size=1, max_size=20).map(" ".join)
MARKERS = st.sampled_from(["```", "~~~", "````", "  ```", "    ```", "> ```", "- ```"])


@st.composite
def fences(draw: st.DrawFn) -> str:
    """A code block, also one that is never closed, is indented, or holds what looks like another."""
    opening = draw(MARKERS)
    info = draw(st.sampled_from(["", "python", "c++ title=x"]))
    lines = draw(st.lists(LINES | st.just("") | st.sampled_from(["    ```", "# x", "| a | b |"]), max_size=12))
    lead = re.sub(r"[^\s>]", " ", opening.rstrip("`~"))
    closing = [lead + opening.strip("> -")] if draw(st.booleans()) else []
    return "\n".join([opening + info, *(lead + line for line in lines), *closing])


@st.composite
def tables(draw: st.DrawFn) -> str:
    """A table of up to thirty rows."""
    columns = draw(st.integers(1, 4))
    row = st.lists(WORDS.filter(lambda word: "|" not in word), min_size=columns, max_size=columns)
    rows = draw(st.lists(row, min_size=1, max_size=30))
    lines = ["| " + " | ".join(cells) + " |" for cells in rows]
    return "\n".join([lines[0], "|" + " --- |" * columns, *lines[1:]])


LISTS = st.lists(LINES, min_size=1, max_size=8).map(lambda items: "\n".join(f"- {item}" for item in items))
QUOTES = st.lists(LINES, min_size=1, max_size=5).map(lambda lines: "\n".join(f"> {line}" for line in lines))
HEADINGS = LINES.map(lambda line: f"## {line}")
NOISE = st.text(st.sampled_from(list("`~|-#>*_[]() \n\r\tab.:\u200d\u0301🇩")), max_size=60)
MARKDOWN = st.builds(
    lambda blocks, gap, breaks: gap.join(blocks).replace("\n", breaks),
    st.lists(LINES | fences() | tables() | LISTS | QUOTES | HEADINGS | NOISE, max_size=8),
    st.sampled_from(["\n\n", "\n"]),
    st.sampled_from(["\n", "\r\n"]),
)


def utf16(text: str) -> int:
    """Count UTF-16 units, as Discord's and Slack's editors do."""
    return len(text.encode("utf-16-le")) // 2


LIMITS = st.builds(Limit, st.integers(64, 400), st.sampled_from([len, utf16]))


def squeezed(text: str) -> str:
    """Take out all white space, which cuts may swallow."""
    return "".join(text.split())


def bodies(text: str, limit: Limit) -> list[str]:
    """Return the parts without what was added to them."""
    splitter = Splitter(limit)
    splitter.add(text)
    return [piece.body for piece in splitter.pieces()]


@given(MARKDOWN, LIMITS)
def test_every_part_fits_and_none_is_blank(text: str, limit: Limit) -> None:
    """A part that is too long would be refused, and so would an empty one."""
    for part in split(text, limit):
        assert limit.measure(part) <= limit.size
        assert part.strip()


@given(MARKDOWN, LIMITS)
def test_the_parts_together_are_the_text(text: str, limit: Limit) -> None:
    """Nothing is lost or doubled but closing lines of fences, which a part may have been given already."""
    whole, joined = squeezed(text), squeezed("".join(bodies(text, limit)))
    position = 0
    for char in whole:
        if position < len(joined) and joined[position] == char:
            position += 1
        else:
            assert char in "`~>"
    assert position == len(joined)


@given(MARKDOWN, LIMITS, st.data())
def test_a_text_that_grows_keeps_all_its_parts_but_the_last(text: str, limit: Limit, data: st.DataObject) -> None:
    """A part that stands in a channel, with another below it, is never touched again."""
    prefix = text[: data.draw(st.integers(0, len(text)))]
    early, late = split(prefix, limit)[:-1], split(text, limit)
    assert early == late[: len(early)]


@given(st.lists(MARKDOWN | NOISE, max_size=5), LIMITS)
def test_splitting_while_the_text_comes_in_gives_what_splitting_it_whole_gives(pieces: list[str], limit: Limit) -> None:
    """The splitter forgets what it has cut off, and must not need it."""
    splitter = Splitter(limit)
    so_far = ""
    for piece in pieces:
        splitter.add(piece)
        so_far += piece
        assert splitter.parts() == split(so_far, limit)


@given(MARKDOWN, LIMITS)
@example("word\n  ```\n  " + "word " * 17 + "x" * 70 + " " + "x" * 70 + "\n    ```\n    word", Limit(265))
def test_no_part_leaves_a_fence_open(text: str, limit: Limit) -> None:
    """Closing changes nothing of a part, as all its fences are closed."""
    for part in split(text, limit):
        assert close(part) == part


@pytest.mark.parametrize("fence", ["```", "~~~", "- ```"])
def test_a_line_below_a_fence_is_cut_as_a_line_of_text(fence: str) -> None:
    """The line that closes the fence begins no code within the line after it."""
    closing = fence.replace("-", " ")
    first, *_ = split(f"{fence}\nx\n{closing}\n" + "word " * 60, Limit(200))
    assert first.endswith("word")


@given(st.text(st.sampled_from(list("ab 👍🏽🇩\u200d\u0301日")), min_size=100, max_size=300))
def test_a_cut_in_a_line_falls_between_characters_as_people_see_them(text: str) -> None:
    """No part begins with an accent, a joiner or a skin tone, as long as the pile of them is bearable."""
    text = re.sub(r" (?=[\u0301\u200d\U0001f3fd])", "a", text)  # a space at a cut is dropped, with an accent or without
    for body in bodies(text, Limit(64))[1:]:
        pile = re.search(r"[\u200d\u0301\U0001f3fd]{8,}", text)
        assert pile or not (unicodedata.category(body[0]) in {"Mn", "Cf"} or body[0] == "\U0001f3fd")


def test_a_quoted_line_goes_on_as_one() -> None:
    """With the marks that are open in it, and however deep it stands."""
    for lead, mark in (("> ", ""), (">> ", "**"), ("> > ", "||")):
        parts = split(f"{lead}{mark}{'word ' * 100}{mark}\n\nend", Limit(120))
        assert len(parts) > 4
        assert all(part.startswith(f"{lead}{mark}word") for part in parts[:-1])
        assert parts[-1].endswith("\n\nend")


def test_flags_and_families_stay_whole() -> None:
    """Each is one character to the eye, and several to Unicode."""
    for character in ("🇩🇪", "👩‍👩‍👧‍👦", "👍🏽", "e\u0301"):
        for size in (32, 165):
            for body in bodies(character * 360, Limit(size)):
                assert len(body) % len(character) == 0


def test_paragraphs_are_kept_whole_where_they_fit() -> None:
    """A cut falls between paragraphs, not at the last word that fits."""
    paragraphs = ["one " * 10, "two " * 10, "three " * 10]
    assert split("\n\n".join(paragraphs), Limit(100)) == [
        f"{paragraphs[0].strip()} \n\n{paragraphs[1].strip()}",
        paragraphs[2].strip(),
    ]


def test_list_items_are_kept_whole_where_they_fit() -> None:
    """A cut in a list falls before a bullet."""
    items = "\n".join(f"- item {number} goes on\n  in a second line" for number in range(8))
    assert all(part.startswith("- item") for part in split(items, Limit(100)))


def test_a_fence_that_is_cut_is_closed_and_opened_again_with_its_language() -> None:
    """Both halves stay code, in the same colours."""
    code = "\n".join(f"line_{number} = {number}" for number in range(20))
    first, *others = split(f"````python\n{code}\n````\n\nDone.", Limit(150))
    assert first.startswith("````python\nline_0")
    assert first.endswith("\n````")
    assert all(part.startswith("````python\nline_") for part in others)
    assert others[-1].endswith("\n````\n\nDone.")


def test_a_fence_goes_whole_into_the_next_part_if_it_does_not_fit() -> None:
    """Code is not cut for the sake of a few lines more in the part before."""
    code = "```\n" + "x = 1\n" * 10 + "```"
    assert split(f"{'word ' * 10}\n\n{code}", Limit(100))[1] == code
    assert split(f"So:\n\n{code}\n\nDone.", Limit(72))[:2] == ["So:", code]


def test_a_shorter_fence_within_a_longer_one_is_code() -> None:
    """Markdown about Markdown is common in answers."""
    inner = "````md\n```py\nx\n```\n" + "text\n" * 40 + "````"
    parts = split(inner, Limit(100))
    assert all(part.startswith("````md\n") and part.endswith("\n````") for part in parts)


def test_a_table_stays_whole_if_one_message_holds_it() -> None:
    """It moves on to the next part with the heading above it."""
    table = "| a | b |\n|---|---|\n" + "\n".join(f"| {number} | x |" for number in range(6))
    assert split(f"{'word ' * 12}\n\n## Numbers\n\n{table}", Limit(110))[1] == f"## Numbers\n\n{table}"


def test_a_table_that_no_message_holds_is_cut_between_rows_under_its_head() -> None:
    """Each part is a table of its own."""
    head = "| a | b |\n|---|---|\n"
    rows = [f"| {number} | x |" for number in range(40)]
    parts = split(head + "\n".join(rows), Limit(120))
    assert len(parts) > 3
    assert all(part.startswith(head) for part in parts)
    assert [row for part in parts for row in part.removeprefix(head).split("\n")] == rows


def test_the_head_of_a_table_is_not_repeated_over_what_is_no_table() -> None:
    """A cut right behind the last row begins the next part with plain text."""
    table = "| a | b |\n|---|---|\n| 1 | 2 |\n| 3 | 4 |"
    for size in range(42, 80):
        last = split(f"{table}\n\n{'word ' * 16}", Limit(size))[-1]
        assert last.startswith("word")


def test_a_line_of_nine_thousand_characters_is_cut_into_parts() -> None:
    """With words at their ends, without them anywhere."""
    assert [len(part) for part in split("x" * 9_000, Limit(2_000))] == [1_999] * 4 + [1_004]
    assert all(part.endswith("word") for part in split("word " * 1_800, Limit(2_000)))


def test_lines_of_a_fence_in_a_list_lose_the_lists_indent_where_the_list_is_gone() -> None:
    """Four spaces would turn the fence's last line into code."""
    code = "\n".join(f"    line_{number}" for number in range(30))
    parts = split(f"1. Do:\n\n    ```sh\n{code}\n    ```\n2. Done.", Limit(120))
    assert len(parts) > 3
    assert parts[2].startswith("```sh\nline_")
    assert parts[-1].endswith("\n```\n2. Done.")


def test_an_open_fence_is_closed_for_display() -> None:
    """What still comes may be code, and looks like it from the first line on."""
    assert close("Look:\n\n```py\nx = 1") == "Look:\n\n```py\nx = 1\n```"
    assert close("Look:\n\n```py\nx = 1\n```\n") == "Look:\n\n```py\nx = 1\n```\n"
    assert split("Look:\n\n~~~\nx", Limit(100)) == ["Look:\n\n~~~\nx\n~~~"]


def test_white_space_alone_is_no_message() -> None:
    """However much of it there is."""
    assert split("", Limit(100)) == []
    assert split(" \n\t\r\n" * 1_000, Limit(100)) == []


def test_a_message_that_could_hold_nothing_is_refused() -> None:
    """Such a limit is a mistake, and is told at once."""
    with pytest.raises(ValueError, match="at least 32"):
        Limit(10)


@pytest.mark.parametrize("piece", ["x", "word ", "- x\n", "```\n", "|a|b|\n|-|-|\n", " ", "\n", "> ", "`", "\u0301"])
@pytest.mark.parametrize("length", [60_000, pytest.param(500_000, marks=pytest.mark.prove)])
def test_hostile_texts_however_long_are_split(piece: str, length: int) -> None:
    """The work grows with the text, not with its square: this would otherwise never end."""
    text = piece * (length // len(piece))
    assert all(len(part) <= 4_000 for part in split(text, Limit(4_000)))


@given(st.lists(MARKDOWN, min_size=1, max_size=5), LIMITS)
def test_a_text_that_grows_is_split_like_one_that_is_there_at_once(pieces: list[str], limit: Limit) -> None:
    """Also where it is replaced by another in between: what was read before leaves no trace."""
    growing = Growing(limit)
    for number in range(1, len(pieces) + 1):
        text = "".join(pieces[:number])
        assert growing(text) == split(text, limit)
    assert growing(pieces[-1]) == split(pieces[-1], limit)


WHOLE = {
    "conjuncts": "\u0915\u094d\u0937 \u0938\u094d\u0924\u094d\u0930 \u0995\u09cd\u09b7 \u0915\u094d\u200d\u0937",
    "jamo": "\u1112\u1161\u11ab \u1100\u1161\u11a8",
    "emoji": "\U0001f469\u200d\U0001f467 \U0001f9d1\U0001f3fd\u200d\U0001f680 1\ufe0f\u20e3 \u2764\ufe0f",
    "flags": "\U0001f3f3\ufe0f\u200d\U0001f308 \U0001f3f4\U000e0067\U000e0062\U000e007f \U0001f1e9\U0001f1ea",
    "Thai and Lao": "\u0e01\u0e33 \u0e17\u0e35\u0e48 \u0ea5\u0eb3",
    "kana": "\uff76\uff9e \u304b\u3099",
    "Persian": "\u06cc\u200c",
    "Tamil and Khmer": "\u0ba8\u0bbf \u1780\u17d2\u1780",
}


@pytest.mark.parametrize("script", WHOLE)
def test_what_is_one_letter_to_the_eye_stays_whole(script: str) -> None:
    """However many code points it has (Unicode, Text Segmentation)."""
    for letter in WHOLE[script].split(" "):
        parts = split(letter * 60, Limit(64))
        assert "".join(parts) == letter * 60
        assert all(len(part) % len(letter) == 0 for part in parts), letter.encode("unicode_escape")


def test_a_link_stays_whole() -> None:
    """A cut in a line falls before it."""
    link = "[our handbook of sorts](https://a.example/handbook)"
    parts = split(f"{'word ' * 12}{link} {'word ' * 30}", Limit(100))
    assert any(link in part for part in parts)


MARKS = st.sampled_from(
    ["**", "*", "_", "~~", "`", "||", "||", "|", "\\", "[a](", "](b)", "\n", "\n\n", "- ", "  - ", "> "]
)
MARKED = st.lists(
    MARKS | st.sampled_from(["word ", "two words", "x" * 30, " ", "- item\n", "  - nested\n"]), max_size=40
)


@given(MARKED.map("".join), LIMITS, st.data())
def test_marks_keep_every_part_within_its_limit_and_every_cut_where_it_was(
    text: str, limit: Limit, data: st.DataObject
) -> None:
    """Closing them takes room, which is kept for them from the first."""
    text *= data.draw(st.integers(1, 6))
    prefix = text[: data.draw(st.integers(0, len(text)))]
    parts = split(text, limit)
    assert all(limit.measure(part) <= limit.size and part.strip() for part in parts)
    growing = Growing(limit)
    early = growing(prefix, is_whole=False)
    assert all(limit.measure(part) <= limit.size for part in early)
    assert early[:-1] == parts[: max(0, len(early) - 1)]
    assert growing(text) == parts


WORDY = st.lists(st.integers(0, 9_999), min_size=1, max_size=60)


@given(WORDY, WORDY, WORDY, st.sampled_from([" ", "\n", "\n\n", "\n- ", "\n  - "]), LIMITS, st.data())
def test_no_cut_and_no_beginning_shows_what_a_spoiler_hides(
    before: list[int], inside: list[int], behind: list[int], gap: str, limit: Limit, data: st.DataObject
) -> None:
    """Each word of it stands between bars wherever it stands, also while the spoiler's end has not come."""
    edge = data.draw(st.sampled_from(["", " ", "**", "\n"] if gap == " " else ["", "**", "\n"]))
    secret = gap.join(f"s{number}" for number in inside)
    text = f"{' '.join(f'a{n}' for n in before)} ||{edge}{secret}{edge}|| {gap.join(f'b{n}' for n in behind)}"
    shown = Growing(limit)
    for end in (data.draw(st.integers(0, len(text))), len(text)):
        parts = shown(text[:end], is_whole=end == len(text))
        open_words = "".join(re.sub(r"\|\|[\s\S]+?\|\|", " ", part) for part in parts)
        assert not re.search(r"s\d", open_words)
    assert re.findall(r"[sab]\d+", "\n".join(parts)) == re.findall(r"[sab]\d+", text)


@pytest.mark.parametrize("mark", ["**", "*", "_", "__", "~~", "`", "||", "***"])
def test_a_line_of_five_thousand_characters_keeps_its_marks_in_every_part(mark: str) -> None:
    """Each is closed at the cut, and opened again in the next message."""
    parts = split(f"{mark}{'word ' * 1_000}end{mark} and more", Limit(2_000))
    assert len(parts) == 3
    assert all(part.startswith(mark) for part in parts)
    assert [part.endswith(mark) for part in parts] == [True, True, False]
    assert "".join(squeezed(part).replace(mark, "") for part in parts) == "word" * 1_000 + "endandmore"


def test_marks_in_each_other_are_closed_from_the_inside() -> None:
    """And opened again from the outside."""
    parts = split(f"||Now **this is ~~a {'word ' * 40}end~~**||.", Limit(100))
    assert all(part.startswith("||**~~") and part.endswith("~~**||") for part in parts[1:-1])
    assert parts[-1].endswith("end~~**||.")


@pytest.mark.parametrize(
    "bullets", [("- ", "  - ", "    - "), ("1. ", "   1. ", "      - "), ("* ", "    * ", "        1. ")]
)
def test_a_nested_list_stays_nested_over_a_cut(bullets: tuple[str, str, str]) -> None:
    """An item goes on below those that hold it, told again by their bullets."""
    top, middle, deep = bullets
    text = f"{top}top\n" + "".join(f"{middle}middle {n}\n{deep}deep {n}\n" for n in range(20))
    first, *others = split(text, Limit(120))
    assert first.startswith(f"{top}top\n")
    assert all(part.startswith(f"{top}…\n{middle}") for part in others)
    assert re.findall(r"\d+$", "\n".join([first, *others]), re.MULTILINE) == [str(n) for n in range(20) for _ in "ab"]


def test_an_item_that_is_cut_goes_on_as_an_item() -> None:
    """What stands below it stays below it."""
    parts = split(f"- top\n    - {'word ' * 40}\n        - child\n- next", Limit(100))
    assert all(part.startswith("- …\n    - … word") for part in parts[1:-1])
    assert parts[-1].endswith("\n        - child\n- next")


def test_bars_alone_in_a_line_are_a_spoilers_and_no_row_of_a_table() -> None:
    """What stands between two such lines is hidden in every part."""
    parts = split(f"{'word ' * 12}||\n{'secret ' * 20}\n||", Limit(64))
    assert all(re.fullmatch(r"\|\|\s*(?:secret\s*)+\|\|", part) for part in parts[1:])


def test_code_keeps_bars_and_stars_as_they_are() -> None:
    """In a fence they are no marks, and so nothing is added for them."""
    code = "\n".join(f"if (a{n} || b) {{ c **d }}" for n in range(20))
    parts = split(f"```c\n{code}\n```\n\nEnd of it.", Limit(150))
    assert all(not part.replace("```", "").strip("\n").endswith(("||", "**")) for part in parts)
    assert split("either `a || b` or a || b", Limit(100)) == ["either `a || b` or a || b"]


@pytest.mark.parametrize("condition", ["if a || b then", "a || b", "- one || the other", "x = y || z, or so"])
def test_bars_between_words_of_a_line_hide_nothing_of_what_follows(condition: str) -> None:
    """Where a part ends behind it: no part is closed as a spoiler, and none begins as one."""
    parts = split(f"{condition}\n\n{'word ' * 60}\n\n{'more ' * 60}", Limit(100))
    assert len(parts) > 3
    assert "".join(parts).count("||") == 1


def test_what_may_become_a_spoiler_is_hidden_until_its_end_is_known() -> None:
    """Two bars between spaces may be an operator, which the whole text tells."""
    growing = Growing(Limit(100))
    assert growing("It was ||the but", is_whole=False) == ["It was ||the but||"]
    assert growing("It was ||the butler|| of", is_whole=False) == ["It was ||the butler|| of"]
    assert Growing(Limit(100))("a || b", is_whole=False) == ["a || b||"]
    assert split("a || b", Limit(100)) == ["a || b"]
    assert split("It was ||the but", Limit(100)) == ["It was ||the but||"]


@pytest.mark.parametrize(
    "piece", ["[a](", "**", "*a ", "||", "|| ", "||\n", "`", "`a ``b ", "_a_", "- a\n", "  - a\n", "\\|"]
)
def test_hostile_marks_of_forty_thousand_characters_are_split_while_they_grow(piece: str) -> None:
    """The work grows with the text, not with its square: this would otherwise never end."""
    growing, text = Growing(Limit(2_000)), piece * (40_000 // len(piece))
    for end in range(4_000, len(text) + 1, 4_000):
        assert all(len(part) <= 2_000 for part in growing(text[:end], is_whole=False))
