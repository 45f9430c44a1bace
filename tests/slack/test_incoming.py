"""What people write in Slack is read as they meant it."""

import pytest

from bots.slack.incoming import mentions_bot, opens_with_other_mention, text_of, to_markdown

BOT = "U0CONFAB1"


@pytest.mark.parametrize(
    ("written", "read"),
    [
        (f"<@{BOT}> what did we decide?", "what did we decide?"),
        (f"<@{BOT}|confab>: hello", "hello"),
        (f"hello <@{BOT}>", "hello"),
        (f"hello <@{BOT}>, how are you?", "hello, how are you?"),
        ("<@U1> and <@U2|bob> and <@U3>", "@Ann & Co and @bob and @U3"),
        ("if a &lt; b &amp;&amp; c &gt; d, &amp;lt;", "if a < b && c > d, &lt;"),
        ("<https://a.org/?x=1&amp;y=2|the docs>", "[the docs](https://a.org/?x=1&y=2)"),
        ("<https://a.org> <http://a.org|a.org> <mailto:a@b.org|a@b.org>", "https://a.org http://a.org a@b.org"),
        ("<!here> <!channel|@channel> <!subteam^S1|@team> <!subteam^S1>", "@here @channel @team @S1"),
        ("<!date^1392734382^{date}|February 18th>", "February 18th"),
        ("<#C1|general> <#C2> <#C3|>", "#general #C2 #C3"),
    ],
)
def test_what_a_person_wrote_is_read_as_markdown(written: str, read: str) -> None:
    """People, channels and links by their names, characters as they were typed, and no mention of the bot."""
    assert to_markdown(written, BOT, {"U1": "Ann & Co"}) == read


def test_a_message_that_opens_by_mentioning_somebody_else_is_for_them() -> None:
    """In a thread that the bot takes part in, people also speak to each other."""
    assert opens_with_other_mention(" <@U1|ann> look at this", BOT)
    assert not opens_with_other_mention(f"<@{BOT}> look, <@U1>", BOT)
    assert not opens_with_other_mention("look, <@U1>", BOT)


def test_the_bot_is_mentioned_by_its_id_alone() -> None:
    """Another id that begins alike is somebody else."""
    assert mentions_bot(f"hi <@{BOT}|confab>", BOT)
    assert not mentions_bot(f"hi <@{BOT}2> and &lt;@{BOT}&gt;", BOT)


RICH = [
    {
        "type": "rich_text",
        "elements": [
            {
                "type": "rich_text_section",
                "elements": [
                    {"type": "user", "user_id": BOT},
                    {"type": "text", "text": " is a < b?"},
                    {"type": "emoji", "name": "wave"},
                    {"type": "link", "url": "https://a.org", "text": "docs"},
                ],
            },
            {
                "type": "rich_text_list",
                "style": "ordered",
                "elements": [{"type": "rich_text_section", "elements": [{"type": "broadcast", "range": "here"}]}],
            },
            {"type": "rich_text_preformatted", "elements": [{"type": "text", "text": "x = 1"}]},
            {"type": "rich_text_quote", "elements": [{"type": "text", "text": "so", "style": {"code": True}}]},
        ],
    }
]
RICH_TEXT = f"<@{BOT}> is a &lt; b?:wave:<https://a.org|docs>\n1. <!here>\n```\nx = 1\n```\n&gt; `so`"


def test_text_that_stands_only_in_rich_text_is_read_from_there() -> None:
    """Some clients leave `text` empty, or leave the mention out of it."""
    assert text_of({"text": "", "blocks": RICH}) == RICH_TEXT
    assert text_of({"text": "is a &lt; b?", "blocks": RICH}) == RICH_TEXT
    assert text_of({"text": f"<@{BOT}> hi", "blocks": RICH}) == f"<@{BOT}> hi"


@pytest.mark.parametrize(
    "blocks", [None, "x", [None], [{"type": "rich_text"}], [{"type": "rich_text", "elements": [1]}]]
)
def test_blocks_of_an_unknown_form_are_passed_over(blocks: object) -> None:
    """An event that we do not understand is no reason to fail."""
    assert text_of({"blocks": blocks}) == ""
    assert text_of({"text": "hi", "blocks": blocks}) == "hi"
