"""What a model writes for Slack: it pings nobody, hides no address, and keeps the limits."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bots.markdown.emphasis import free_emphasis
from bots.markdown.splitting import split
from bots.slack.blocks import blocks_of_whole_lines, expanded_blocks
from bots.slack.outgoing import (
    BLOCKS_LIMIT,
    LIMIT,
    MARKDOWN_LIMIT,
    TEXT_LIMIT,
    escape_mentions,
    fallback_text,
    payload_of,
    plain_payload,
)

# Readers of our own, written apart from the code: they take for live what Slack or Markdown might take for live.
LIVE_TOKEN = re.compile(
    r"<!(?:channel|here|everyone|group)(?:\|[^>]*)?>|<!(?:subteam|date)\^[^>]*>|<[@#]\w+(?:\|[^>]*)?>", re.IGNORECASE
)
LIVE_DEFINITION = re.compile(r"^ {0,3}\[[^\[\]]+\]:\s*\S", re.MULTILINE)
REMOTE = re.compile(r"\w+:|//|www\.", re.IGNORECASE)
ADDRESSED_LABEL = re.compile(r"(?:https?://)?(?:[\w.]+@)?((?:\w+\.)+(?:com|org))", re.IGNORECASE)


def links(markdown: str) -> list[tuple[str, str]]:
    """Return label and target of whatever could be a link: any bracket before `](`, and Slack's own form."""
    found = [(label, target) for target, label in re.findall(r"<([^<>|\s]+)\|([^<>]*)>", markdown)]
    for match in re.finditer(r"\]\(\s*<?([^\s<>)]+)", markdown):
        before = markdown[: match.start()]
        depth, start = 1, len(before)
        while start and depth:
            start -= 1
            depth += {"]": 1, "[": -1}.get(before[start], 0)
        if not depth:
            found.append((before[start + 1 :], match[1]))
    return found


def disguises(markdown: str) -> list[tuple[str, str]]:
    """Return the links whose label names a host that their target has not."""
    return [
        (label, target)
        for label, target in links(markdown)
        if REMOTE.match(target) and any(host.lower() != _host(target) for host in ADDRESSED_LABEL.findall(label))
    ]


def _host(target: str) -> str:
    authority = re.split(r"[/?#\\]", re.sub(r"^(?:\w+:)?(?://)?", "", target), maxsplit=1)[0]
    return authority.rpartition("@")[2].partition(":")[0].removeprefix("www.")


def is_harmless(markdown: str) -> bool:
    """Whether nothing in a text pings, and no link is a disguise."""
    return not (LIVE_TOKEN.search(markdown) or LIVE_DEFINITION.search(markdown) or disguises(markdown))


HOSTILE = st.sampled_from(
    [
        "<!channel>",
        "<!here|here>",
        "<!EVERYONE>",
        "<!subteam^S123|team>",
        "<!date^1392734382^{date}^https://evil.com|x>",
        "<@U123>",
        "<@W123|ann>",
        "<#C123|general>",
        "[bank.com](https://evil.com)",
        "![bank.com](https://evil.com)",
        "[https://bank.com](https://bank.com@evil.com)",
        "<https://evil.com|bank.com>",
        "[bank.com][1]",
        "[1]: https://evil.com",
        "[**bank.com**](<https://evil.com> 'title')",
        "[the docs](https://docs.python.org/3/)",
        "[bank.com](https://bank.com/login)",
        "[`code`](https://a.org)",
    ]
)
SCRAPS = st.sampled_from(["<", "!", "@U1", ">", "[", "]", "(", ")", "](", "`", "```", "\n", "\n\n", "|", "\\"])
WORDS = st.sampled_from(["bank.com", "https://evil.com", "~~~\n", "here", "channel", ": ", " ", "- ", "> ", "word"])
MODEL_TEXT = st.lists(HOSTILE | SCRAPS | WORDS, max_size=40).map("".join)


@given(MODEL_TEXT, st.data())
def test_no_prefix_of_any_text_pings_or_disguises_a_link(text: str, data: st.DataObject) -> None:
    """An answer is shown while it grows, so each of its beginnings has to be harmless."""
    assert is_harmless(escape_mentions(text[: data.draw(st.integers(0, len(text)))]))


@given(MODEL_TEXT)
def test_making_harmless_twice_is_the_same_as_once(text: str) -> None:
    """So it does no harm to do it again at the door."""
    assert escape_mentions(escape_mentions(text)) == escape_mentions(text)


@given(MODEL_TEXT)
def test_no_letter_of_an_answer_is_lost(text: str) -> None:
    """A link that is taken apart keeps its label and its target."""
    assert sorted(filter(str.isalnum, escape_mentions(text))) == sorted(filter(str.isalnum, text))


@given(st.lists(MODEL_TEXT, max_size=12).map("\n".join))
def test_no_part_of_an_answer_pings_or_disguises_a_link_wherever_it_is_cut(text: str) -> None:
    """A cut can end a code span in which something was harmless."""
    for part in split(text * 8, LIMIT):
        arguments = payload_of(part)
        assert is_harmless(arguments["blocks"][0]["text"])
        assert not set("<>") & set(arguments["text"])


@given(st.lists(MODEL_TEXT | st.text(), max_size=12).map("\n".join), st.integers(1, 60))
def test_every_part_of_an_answer_keeps_slacks_limits(text: str, times: int) -> None:
    """As Markdown, and as plain text if Slack refuses its blocks."""
    for part in split(text * times, LIMIT):
        arguments = payload_of(part)
        markdown = arguments["blocks"][0]["text"]
        assert len(markdown.encode(errors="surrogatepass")) <= MARKDOWN_LIMIT
        assert expanded_blocks(markdown) <= BLOCKS_LIMIT + 2
        assert len(arguments["text"]) <= TEXT_LIMIT
        assert not arguments["text"].endswith("…") or part.rstrip("~`> \n").endswith("…")


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ("[https://bank.com](https://evil.com)", "https://bank.com (https://evil.com)"),
        ("![bank.com](https://evil.com)", "bank.com (https://evil.com)"),
        ("[**bank.com**](https://evil.com)", "**bank.com** (https://evil.com)"),
        ("[bank\u3002com](https://evil.com)", "bank\u3002com (https://evil.com)"),
        ("[bank&#46;com](https://evil.com)", "bank&#46;com (https://evil.com)"),
        ("[b\u200bank.com](https://evil.com)", "b\u200bank.com (https://evil.com)"),
        ("[bank.com](https://bank.com@evil.com)", "bank.com (https://bank.com@evil.com)"),
        ("[bank.com](https://bank.com:80@evil.com)", "bank.com (https://bank.com:80@evil.com)"),
        ("[https://bank.com@evil.com](https://evil.com)", "https://bank.com@evil.com (https://evil.com)"),
        ("[bank.com](https://bank.com.evil.com)", "bank.com (https://bank.com.evil.com)"),
        ("[bank.com](evil.com)", "bank.com (evil.com)"),
        ("[bank.com/a](https://bank.com/b)", "bank.com/a (https://bank.com/b)"),
        ("[help@bank.com](mailto:me@evil.com)", "help@bank.com (mailto:me@evil.com)"),
        ("<https://evil.com|bank.com>", "bank.com (<https://evil.com>)"),
        ("`[bank.com](https://evil.com)`", "`[bank.com]\u2060(https://evil.com)`"),
        ("[bank.com][1]\n\n[1]: https://evil.com", "[bank.com][1]\n\n[1]\u2060: https://evil.com"),
        ("[a [bank.com](https://evil.com)](https://b.org)", "[a bank.com (https://evil.com)]\u2060(https://b.org)"),
        ("[bank.com `a[`b`](https://evil.com)", "[bank.com `a[`b`]\u2060(https://evil.com)"),
        ("[a`b](https://evil.com)", "[a`b]\u2060(https://evil.com)"),
        ("<[!here|bank.com](https://evil.com)>", "<\u2060!here|bank.com (https://evil.com)>"),
        ("[bank.com <i a='[x'>y](https://evil.com)", "[bank.com <i a='[x'>y]\u2060(https://evil.com)"),
        ("[a.com][(bank.com](https://evil.com)", "[a.com][(bank.com]\u2060(https://evil.com)"),
        ("[a.com]<https://evil.com|(bank.com)>", "[a.com]\u2060(bank.com) (<https://evil.com>)"),
        ("hey <!Channel|x> <@U1>", "hey <\u2060!Channel|x> <\u2060@U1>"),
    ],
)
def test_what_would_ping_or_mislead_is_shown_dead(written: str, shown: str) -> None:
    """One sees what the model wrote, and where a link would have led."""
    assert escape_mentions(written) == shown


@pytest.mark.parametrize(
    "text",
    [
        "<!DOCTYPE html> <!-- here --> <div> a < b > c",
        "List<@NonNull String>",
        '[the docs](https://docs.python.org/3/) and [more](https://a.org "title")',
        "[docs.python.org](https://docs.python.org/3/library/)",
        "[https://bank.com/login](https://www.bank.com/login)",
        "[Node.js](https://nodejs.org) and [`json`](https://a.org) and [`re`](https://b.org)",
        "`x` and [`json`](https://a.org)",
        "[1] says [`json`](https://a.org)",
        "[https://en.wikipedia.org/wiki/A_(b)](https://en.wikipedia.org/wiki/A_(b))",
        "<https://docs.python.org> and https://bank.com@evil.com",
        "<https://a.org|the docs>",
        "```js\nhandlers[event.name](event.data)\ntype A = { [key: string]: number }\n```",
        "mail me@bank.com, or @here",
    ],
)
def test_what_is_honest_stays_as_it_was_written(text: str) -> None:
    """Code above all: an invisible character in it would break it where it is pasted."""
    assert escape_mentions(text) == text


@pytest.mark.parametrize(
    "piece", ["[", "](", "[a](", "<@", "<a|", "[a]:", "](a", "[`a`](b) ", "```\n", "[\n", "((](", "a."]
)
@pytest.mark.parametrize("length", [100_000, pytest.param(1_000_000, marks=pytest.mark.prove)])
def test_hostile_text_however_long_is_made_harmless(piece: str, length: int) -> None:
    """The work grows with the text, not with its square: this would otherwise never end."""
    assert escape_mentions(piece * (length // len(piece)))


def test_the_fallback_is_escaped_and_short_and_cut_between_characters() -> None:
    """It stands in notifications, and for the whole part where Slack takes no blocks."""
    assert fallback_text("a < b & c > d") == "a &lt; b &amp; c &gt; d"
    assert fallback_text("&" * 100, limit=12) == "&amp;&amp;…"
    assert fallback_text("😀" * 100, limit=10) == "😀😀😀😀…"
    assert len(fallback_text("x" * 9_000)) == TEXT_LIMIT


@pytest.mark.parametrize("piece", ["<@a>", "[a]: //b\n", "<b.io|a.io>", "[a.io](b.io)", "&", "😀", "```\n"])
def test_a_part_fits_into_the_text_whatever_is_taken_apart_in_it(piece: str) -> None:
    """Otherwise a part whose blocks are refused would lose its end."""
    parts = split(piece * 3_000, LIMIT)
    assert len(parts) > 1
    assert not any(fallback_text(part).endswith("…") for part in parts)


def test_the_plain_payload_takes_away_the_blocks_of_an_earlier_edit() -> None:
    """Slack keeps blocks that an update does not mention."""
    arguments = plain_payload("*hi* <!here>")
    assert arguments["text"] == "*hi* &lt;\u2060!here&gt;"
    assert arguments["blocks"] == []
    assert arguments["parse"] == "none"


@pytest.mark.parametrize(
    ("markdown", "blocks"),
    [
        ("one\ntwo", 1),
        ("one\n\ntwo", 2),
        ("# a\n# b\ntext", 3),
        ("- a\n- b\n\n- c\n  more\n\n  more", 1),
        ("- a\n1. b", 2),
        ("text\n```\na\n\nb\n```\ntext", 3),
        ("- ```\n  code\n\ntext\n\ntext", 3),
        ("- a\n  ```\n\ntext\n\ntext", 3),
        ("````\n    ```\n````python\n\na\n\nb\n````", 1),
        ("    ```\n\ntext\n\ntext", 3),
        ("> a\n> b\n\ntext", 2),
        ("| a | b |\n|---|---|\n| 1 | 2 |", 1),
        ("a\n\n---\n\nb", 3),
    ],
)
def test_blocks_are_counted_as_slack_makes_them(markdown: str, blocks: int) -> None:
    """One for each heading, paragraph, list, quote, table, code block and rule."""
    assert expanded_blocks(markdown) == blocks


@given(MODEL_TEXT | st.text(st.sampled_from(list("-*#>|`~1. \na"))), st.data())
def test_a_text_that_grows_never_becomes_fewer_blocks(text: str, data: st.DataObject) -> None:
    """Splitting relies on it: otherwise a cut could move."""
    prefix = text[: data.draw(st.integers(0, len(text)))]
    assert blocks_of_whole_lines(prefix) <= blocks_of_whole_lines(text)
    assert LIMIT.measure(prefix) <= LIMIT.measure(text)


def test_many_short_paragraphs_are_split_by_the_blocks_that_they_become() -> None:
    """Slack refuses a message of more than fifty."""
    parts = split("\n\n".join(f"line {number}" for number in range(200)), LIMIT)
    assert len(parts) > 4
    assert all(expanded_blocks(part) <= BLOCKS_LIMIT for part in parts)


@pytest.mark.parametrize(
    ("markdown", "shown"),
    [
        ("**注意\uff1a**正文", "**注意**\uff1a正文"),
        ("正文**「注意」**正文", "正文「**注意**」正文"),
        ("**Note:**text", "**Note**:text"),
        ("~~終わり。~~次", "~~終わり~~。次"),
        ("**Note:** text", "**Note:** text"),
        ("`**注意\uff1a**正文`", "`**注意\uff1a**正文`"),
        ("```\n**注意\uff1a**正文\n```", "```\n**注意\uff1a**正文\n```"),
        ("2 ** 3 and 4 ** 5", "2 ** 3 and 4 ** 5"),
    ],
)
def test_bold_beside_letters_is_seen_as_bold(markdown: str, shown: str) -> None:
    """What CommonMark takes for asterisks is moved to where it takes them for marks; code stays."""
    assert payload_of(markdown)["blocks"][0]["text"] == shown


@given(st.text(alphabet="*~a注\uff1a。 `\n(", max_size=80))
def test_moving_marks_adds_and_loses_nothing(markdown: str) -> None:
    """The letters are the same, so that what fitted still fits."""
    assert sorted(free_emphasis(markdown)) == sorted(markdown)
    assert free_emphasis(markdown).replace("*", "").replace("~", "") == markdown.replace("*", "").replace("~", "")
