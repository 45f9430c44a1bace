"""What stands in a message of Slack's, of whatever kind, is read as text."""

import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bots.slack.events import author_of, read_event
from bots.slack.incoming import to_markdown
from bots.slack.post_text import attachments_of, read_text
from core.messages import Message

TABLE: dict[str, Any] = {
    "type": "table",
    "rows": [
        [{"type": "raw_text", "text": "Region"}, {"type": "raw_text", "text": "Sum|1"}],
        [
            {
                "type": "rich_text",
                "elements": [{"type": "rich_text_section", "elements": [{"type": "text", "text": "No\nrth"}]}],
            },
            {"type": "raw_number", "value": 12},
        ],
        [{"type": "raw_text", "text": "South"}],
    ],
}
AS_MARKDOWN = "| Region | Sum\\|1 |\n| --- | --- |\n| No rth | 12 |\n| South |  |"


PLAIN = {"type": "plain_text", "text": "Load"}
PLAIN_TOO = {"type": "mrkdwn", "text": "of api-7"}
CHART = {
    "type": "bar",
    "series": [{"name": "api-7", "data": [{"label": "Mon", "value": 3}, {"label": "Tue", "value": 4}]}],
    "axis_config": {"categories": ["Mon", "Tue"], "y_label": "%"},
}


def rich(text: str) -> dict[str, Any]:
    """Return a block of rich text."""
    return {
        "type": "rich_text",
        "elements": [{"type": "rich_text_section", "elements": [{"type": "text", "text": text}]}],
    }


def section(text: str, kind: str = "mrkdwn") -> dict[str, Any]:
    """Return a section block."""
    return {"type": "section", "text": {"type": kind, "text": text}}


def rich_date(timestamp: int, **more: str) -> dict[str, Any]:
    """Return a date in rich text."""
    date = {"type": "date", "timestamp": timestamp, "format": "{date_num}", **more}
    return {"type": "rich_text", "elements": [{"type": "rich_text_section", "elements": [date]}]}


@pytest.mark.parametrize(
    ("post", "text"),
    [
        ({"text": "Webhook says hi"}, "Webhook says hi"),
        (
            {
                "text": "",
                "blocks": [
                    {"type": "header", "text": {"type": "plain_text", "text": "CPU > 90 %"}},
                    section("*api-7* is at 97 %"),
                    {
                        "type": "section",
                        "fields": [{"type": "mrkdwn", "text": "Since"}, {"type": "mrkdwn", "text": "9:40"}],
                    },
                    {"type": "divider"},
                    {"type": "context", "elements": [{"type": "mrkdwn", "text": "by"}, {"alt_text": "a face"}]},
                ],
            },
            "CPU > 90 %\n*api-7* is at 97 %\nSince\n9:40\nby a face",
        ),
        (
            {"text": "CPU is high", "blocks": [section("*CPU* is high"), section("since nine")]},
            "*CPU* is high\nsince nine",
        ),
        ({"text": "Alert", "blocks": [section("since nine")]}, "Alert\nsince nine"),
        ({"blocks": [{"type": "markdown", "text": "**a** & <b>"}]}, "**a** & <b>"),
        (
            {"blocks": [{"type": "image", "title": {"type": "plain_text", "text": "Load"}, "alt_text": "rising"}]},
            "Load\nrising",
        ),
        (
            {
                "blocks": [
                    {"type": "actions", "elements": [{"type": "button", "text": {"type": "plain_text", "text": "Ack"}}]}
                ]
            },
            "Ack",
        ),
        (
            {"blocks": [{"type": "of_tomorrow", "title": "New", "body": {"type": "mrkdwn", "text": "thing"}}]},
            "New\nthing",
        ),
        (
            {
                "attachments": [
                    {
                        "fallback": "never",
                        "pretext": "Before",
                        "title": "Build 7",
                        "title_link": "https://ci.example/7",
                        "text": "failed",
                        "fields": [{"title": "Branch", "value": "main"}, {"value": "alone"}],
                        "footer": "CI",
                    }
                ]
            },
            "Before\n[Build 7](https://ci.example/7)\nfailed\nBranch: main\nalone\nCI",
        ),
        ({"attachments": [{"fallback": "only this"}]}, "only this"),
        ({"blocks": [{"type": "call", "call_id": "R1", "call": {"v1": {"name": "A & B"}}}]}, "A & B"),
        ({"blocks": [rich_date(1_720_711_800)]}, "2024-07-11 15:30 UTC"),
        ({"blocks": [rich_date(1_720_711_800, fallback="on Thursday")]}, "on Thursday"),
        ({"blocks": [section("at"), rich_date(1 << 60)]}, "at"),
        ({"attachments": [{"blocks": [section("in there"), TABLE]}]}, f"in there\n{AS_MARKDOWN}"),
        ({"text": "a preview", "attachments": [{"from_url": "https://x.example", "title": "Page"}]}, "a preview"),
        ({"text": "look", "blocks": [TABLE]}, f"look\n{AS_MARKDOWN}"),
        ({"text": "", "blocks": [TABLE]}, AS_MARKDOWN),
        (
            {
                "blocks": [
                    {
                        "type": "container",
                        "title": PLAIN,
                        "child_blocks": [{"type": "layout", "columns": [{"blocks": [TABLE]}]}, section("after")],
                    }
                ]
            },
            f"Load\n{AS_MARKDOWN}\nafter",
        ),
        (
            {"blocks": [{"type": "data_table", "caption": "Sums", "rows": [[{"type": "raw_number", "value": 1.5}]]}]},
            "Sums\n| 1.5 |\n| --- |",
        ),
        (
            {"blocks": [{"type": "data_visualization", "title": "Load", "chart": CHART}]},
            "Load\n|  | api-7 |\n| --- | --- |\n| Mon | 3 |\n| Tue | 4 |",
        ),
        (
            {"blocks": [{"type": "carousel", "elements": [{"type": "card", "title": PLAIN, "body": PLAIN_TOO}]}]},
            "Load\nof api-7",
        ),
        ({"text": "a c", "blocks": [section("a"), rich("b"), section("c")]}, "a c\na\nb\nc"),
        ({"text": "a\nc", "blocks": [section("a"), rich("b"), section("c")]}, "a\nb\nc"),
        (
            {"text": "Standup", "bot_id": "B1", "blocks": [rich("Standup: what did you do?")]},
            "Standup: what did you do?",
        ),
        ({"attachments": [{"text": "Ship?", "actions": [{"text": "Yes"}, {"text": "No"}]}]}, "Ship?\nYes No"),
        ({"attachments": [{"image_url": "https://x.example/y.png", "fallback": "never"}]}, "[picture]"),
        (
            {"bot_id": "B1", "text": "news", "attachments": [{"from_url": "https://x.example", "title": "Page"}]},
            "news\n\nPage",
        ),
    ],
)
def test_blocks_and_attachments_of_every_kind_are_text(post: dict[str, Any], text: str) -> None:
    """An app's as a person's; a fallback beside blocks is not said twice."""
    assert to_markdown(read_text(post).whole, "U0CONFAB1") == text


def items(style: str, *texts: str, **more: int) -> dict[str, Any]:
    """Return a list of rich text."""
    inner = [{"type": "rich_text_section", "elements": [{"type": "text", "text": text}]} for text in texts]
    return {"type": "rich_text_list", "style": style, "elements": inner, **more}


@pytest.mark.parametrize(
    ("lists", "text"),
    [
        ([items("ordered", "c", "d", offset=2)], "3. c\n4. d"),
        (
            [items("ordered", "a"), items("bullet", "x", indent=1), items("ordered", "b", offset=1)],
            "1. a\n    - x\n2. b",
        ),
        ([items("ordered", "a", offset=-4, indent=-1)], "1. a"),
        ([items("ordered", "deep", indent=3)], "            1. deep"),
    ],
)
def test_a_list_keeps_its_numbers_and_indents(lists: list[dict[str, Any]], text: str) -> None:
    """Whatever `text` says, where one begins later than at 1."""
    said = "a c d x deep" if any(each.get("offset", 0) > 0 for each in lists) else ""
    assert read_text({"text": said, "blocks": [{"type": "rich_text", "elements": lists}]}).own == text.strip()


FORWARD: dict[str, Any] = {
    "is_share": True,
    "author_name": "Grace Hopper",
    "author_id": "U0GRACE12",
    "channel_id": "C0GENERAL",
    "ts": "1700000000.000100",
    "text": "We ship on Friday.",
    "files": [{"id": "F1", "name": "plan.txt", "mimetype": "text/plain", "url_private": "https://files.slack.com/p"}],
}


ALERT = {"attachments": [{"title": "Disk full", "fields": [{"title": "Host", "value": "db-1"}]}]}
DEEP = {"text": "see", "attachments": [{"is_share": True, "author_name": "Ada", "text": "the plan"}]}


def holding(*messages: dict[str, Any]) -> dict[str, Any]:
    """Return what forwards messages as `message_blocks`, each with its file."""
    return {"author_id": "U0GRACE12", "message_blocks": [{"message": each} for each in messages]}


@pytest.mark.parametrize(
    ("attachment", "text"),
    [
        (FORWARD, "Forwarded message by Grace Hopper:\n> We ship on Friday."),
        (
            {**FORWARD, "is_share": False, "is_msg_unfurl": True, "from_url": "https://a.slack.com/p1"},
            "Forwarded message by Grace Hopper:\n> We ship on Friday.",
        ),
        (
            {**holding({"blocks": [section("In\nblocks")]}), "files": FORWARD["files"]},
            "Forwarded message by @U0GRACE12:\n> In\n> blocks",
        ),
        ({"is_share": True, "files": FORWARD["files"]}, "Forwarded message by somebody"),
        (
            holding({**ALERT, "files": FORWARD["files"]}),
            "Forwarded message by @U0GRACE12:\n> Disk full\n> Host: db-1",
        ),
        (
            {**FORWARD, **holding({"text": "We ship on Friday.", "files": FORWARD["files"]}), **ALERT},
            "Forwarded message by Grace Hopper:\n> We ship on Friday.\n> Disk full\n> Host: db-1",
        ),
        (
            {"is_reply_unfurl": True, "author_name": "Bot", **holding({**DEEP, "files": FORWARD["files"]})},
            "Forwarded message by Bot:\n> see\n> \n> Forwarded message by Ada:\n> > the plan",
        ),
    ],
)
def test_a_forwarded_message_is_quoted_under_its_authors_name(attachment: dict[str, Any], text: str) -> None:
    """It is not its sender's own words; its files come with it."""
    said = read_text({"text": "what of this?", "attachments": [attachment]})
    assert said.own == "what of this?"
    assert to_markdown(said.whole, "U0CONFAB1") == f"what of this?\n\n{text}"
    assert [file.name for file in attachments_of({"attachments": [attachment]})] == ["plan.txt"]


def test_a_canvas_is_read_as_the_page_that_it_is_served_as() -> None:
    """Its own media type says nothing of that."""
    canvas = {"id": "F1", "title": "Plan", "mimetype": "application/vnd.slack-docs", "url_private": "https://a/b"}
    assert [(file.name, file.media_type) for file in attachments_of({"files": [canvas]})] == [("Plan", "text/html")]


def event(**fields: Any) -> dict[str, Any]:
    """Return a message's event by Ada in a channel."""
    ordinary = {
        "type": "message",
        "channel": "C0GENERAL",
        "user": "U0ADA1234",
        "ts": "1700000001.000200",
        "text": "hi",
    }
    return {"team_id": "T1", "event": {**ordinary, **fields}}


def test_what_was_forwarded_from_here_goes_with_the_message_that_it_was() -> None:
    """It is named as what the question is about, and as others' words; a mention in it is none of the sender's."""
    named = {**FORWARD, "text": "<@U0CONFAB1> We ship on Friday."}
    read = read_event(event(text="and?", attachments=[named]), "U0CONFAB1")
    assert isinstance(read, Message)
    assert (read.about, read.others) == ("1700000000.000100", ("<@U0CONFAB1> We ship on Friday.", "Grace Hopper"))
    assert not read.addressed


@pytest.mark.parametrize(
    ("post", "name"),
    [
        ({"subtype": "bot_message", "username": "Alertmanager", "bot_id": "B1"}, "Alertmanager"),
        ({"bot_id": "B1", "user": "U0APP1234", "bot_profile": {"name": "PagerDuty"}}, "PagerDuty"),
        ({"subtype": "bot_message"}, "An app"),
        ({"bot_id": "B1", "user": "U0APP1234"}, ""),
    ],
)
def test_an_app_is_known_by_the_name_that_it_gave_itself(post: dict[str, Any], name: str) -> None:
    """Where it gave none and has a user, that one is asked for."""
    author = author_of(post)
    assert author is not None
    assert (author.is_bot, author.name) == (True, name)


ODD: list[dict[str, Any]] = [
    {"files": None},
    {"files": "x"},
    {"files": [None, 7]},
    {"files": [{"id": 7, "duration_ms": "1200", "size": "big", "mimetype": None}]},
    {"files": [{"duration_ms": "soon", "mode": []}]},
    {"user": None},
    {"user": {"id": "U1"}},
    {"text": None},
    {"text": ["a"]},
    {"blocks": {"type": "rich_text"}},
    {"attachments": [{"fields": None, "blocks": 7, "title": {}, "text": []}]},
    {"attachments": {"0": {}}},
    {"ts": None},
    {"ts": "soon"},
    {"thread_ts": {}},
    {"channel": None},
    {"subtype": ["x"]},
    {"bot_profile": "x", "bot_id": 3},
    {"subtype": "message_changed", "message": None},
    {"subtype": "message_deleted"},
    {"files": [{"id": "F\0\ud83d", "duration_ms": 2**70, "size": math.nan, "name": "\0\ud83d"}]},
    {"user": "U\0\ud83d", "text": "\0 \ud83d"},
    {"user": 2**70},
    {"text": math.nan},
    {"ts": 2**70},
    {"thread_ts": "1\0.2"},
    {"channel": "C\ud83d"},
    {"bot_profile": {"name": "\0\ud83d"}, "bot_id": "B\0"},
    {"client_msg_id": "\ud83d", "edited": {"ts": 2**70, "user": math.nan}},
]


@pytest.mark.parametrize("odd", ODD, ids=str)
def test_an_odd_shape_never_raises_more_than_that_it_cannot_be_read(odd: dict[str, Any]) -> None:
    """ValueError at the most, which leaves that one message out."""
    try:
        read_event(event(**odd), "U0CONFAB1")
    except ValueError:
        assert not {"files", "text", "blocks", "attachments", "thread_ts"} & odd.keys()


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=8)
    | st.sampled_from(["rich_text", "table", "mrkdwn"]),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(
                ["type", "text", "elements", "rows", "blocks", "fields", "files", "title", "is_share", "indent"]
            ),
            inner,
            max_size=5,
        )
    ),
    max_leaves=20,
)


@given(JSON, JSON, JSON)
def test_whatever_stands_in_a_message_is_read_or_passed_over(
    blocks: object, attachments: object, files: object
) -> None:
    """No value of any kind raises."""
    post = {"blocks": [blocks], "attachments": [attachments], "files": files}
    assert isinstance(read_text(post).whole, str)
    assert isinstance(attachments_of(post), tuple)
