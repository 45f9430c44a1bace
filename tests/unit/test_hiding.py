"""Private data is found by its shape, hidden by placeholders, and put back whatever way the answer comes."""

import asyncio
import json
from collections.abc import AsyncIterator, Sequence

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from bots.knowledge import hiding_of
from core.errors import ModelError, StreamCut
from core.llm.embeddings import EmbedderOptions, Embeddings
from core.llm.rerank import Reranker
from core.messages import PromptMessage, ToolCall
from core.model_events import Finish, ModelEvent, Notice, Replace, Text, ToolCalls
from core.policy import HIDEABLE, ChannelSettings, ConversationSettings
from core.privacy.hiding import Hider
from core.privacy.private_shapes import SHAPES, find_keys
from core.prompt.hidden import hide_prompt, restore_events

CARD = "4111 1111 1111 1111"
PRIVATE = (
    ("cards", CARD),
    ("cards", "4111111111111111"),
    ("cards", "4111-1111-1111-1111"),
    ("cards", "3782 822463 10005"),
    ("cards", "30569309025904"),
    ("cards", "5555\u00a05555\u00a05555\u00a04444"),
    ("iban", "DE89 3704 0044 0532 0130 00"),
    ("iban", "GB82WEST12345698765432"),
    ("iban", "fr14 2004 1010 0505 0001 3m02 606"),
    ("email", "ada.lovelace+news@mail.example.co.uk"),
    ("email", "j\u00fcrgen@b\u00fccher.example"),
    ("phone", "+49 171 1234567"),
    ("phone", "+44 (0)20 7946 0958"),
    ("phone", "(555) 123-4567"),
    ("phone", "030 1234 5678"),
    ("phone", "0049171/1234567"),
    ("keys", "sk-proj-abcdefghij0123456789"),
    ("keys", "ghp_abcdefghijklmnopqrstuvwxyz0123456789"),
    ("keys", "AKIA" + "ABCDEFGHIJKLMNOP"),
    ("keys", "xoxb-1234567890-abcdefghij"),
    ("keys", "https://hooks.chat.example/services/T00000000/B00000000/abcdefghij"),
    ("keys", "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.c2lnbmF0dXJl"),
    ("keys", "-----BEGIN PRIVATE KEY-----\nMIIE\n-----END PRIVATE KEY-----"),
)
OPEN = (
    "order 4111 1111 1111 1112, and 1764514766123 milliseconds",
    "GB83WEST12345698765432",
    "at 12:30 on 01-12-2026 10:30, or 2026-11-30, for 1.250,00",
    "@ada or ada@ home, <@U0CONFAB1>, a skeleton, a risk-taking eyJ",
)
PIECES = st.lists(
    st.one_of(
        st.text(max_size=8),
        st.sampled_from([CARD, "a@b.example", "[CARD-1]", "[EMAIL-2", "[WRITTEN-1]", "[", "]", " ", "+49 171 1234567"]),
    ),
    max_size=8,
).map("".join)


def everything() -> Hider:
    """Return what hides all that can be hidden, and one pattern beside."""
    return Hider(HIDEABLE, ["EMP-[0-9]+"])


def restored(events: Sequence[ModelEvent], hider: Hider, error: ModelError | None = None) -> list[ModelEvent]:
    """Return what becomes of a model's events, up to the error with which they end."""

    async def said() -> AsyncIterator[ModelEvent]:
        for event in events:
            yield event
        if error:
            raise error

    async def collect() -> list[ModelEvent]:
        found: list[ModelEvent] = []
        try:
            async for event in restore_events(said(), hider):
                found.append(event)  # noqa: PERF401 - what came before an error counts
        except ModelError:
            assert error
        return found

    return asyncio.run(collect())


def whole_text(events: Sequence[ModelEvent]) -> str:
    """Return what a person reads in the end."""
    text = ""
    for event in events:
        text = event.text if isinstance(event, Replace) else text + event.text if isinstance(event, Text) else text
    return text


def test_what_is_private_is_hidden_by_its_own_kind_and_comes_back() -> None:
    """In the midst of a sentence, whole, and by the placeholder that says what it is."""
    for kind, value in PRIVATE:
        hider = Hider([kind])
        text = f"It is {value}, and that is 12 of it."
        assert hider.hide(text) == f"It is [{SHAPES[kind][0]}-1], and that is 12 of it.", value
        assert hider.reveal(f"So [{SHAPES[kind][0]}-1].") == f"So {value}."


def test_what_only_looks_like_it_stays() -> None:
    """Wrong check digits, dates, amounts and mentions are no private data."""
    for text in OPEN:
        assert everything().hide(text) == text


def test_every_kind_that_can_be_set_has_its_shape() -> None:
    """The settings and the table of shapes name the same."""
    assert set(HIDEABLE) == set(SHAPES)


def test_one_value_has_one_placeholder_and_what_follows_changes_none_before() -> None:
    """So the prompt's beginning stays the same from question to question."""
    first, second = everything(), everything()
    begun = first.hide(f"{CARD} of a@b.example, {CARD}")
    assert begun == "[CARD-1] of [EMAIL-2], [CARD-1]"
    assert second.hide(f"{CARD} of a@b.example, {CARD}") == begun
    assert second.hide("c@d.example wrote to a@b.example") == "[EMAIL-3] wrote to [EMAIL-2]"


def test_what_overlaps_is_hidden_together() -> None:
    """No part of a value is left beside the placeholder of another."""
    hider = Hider(["email"], ["key=[^ ]+"])
    assert hider.hide("x key=a@b.example,rest y") == "x [HIDDEN-1] y"


@given(PIECES)
@settings(max_examples=150)
def test_any_text_comes_back_as_it_was(text: str) -> None:
    """Also one that holds what looks like a placeholder."""
    hider = everything()
    hidden = hider.hide(text)
    assert hider.reveal(hidden) == text


@given(PIECES, st.lists(st.integers(1, 5), min_size=1, max_size=6))
@settings(max_examples=100, deadline=None)
def test_a_placeholder_comes_back_however_the_answer_is_cut(text: str, sizes: list[int]) -> None:
    """Pieces, a replaced beginning, a notice between them, and a stream that is cut: the person reads the same."""
    hider = everything()
    hidden = hider.hide(text)
    pieces: list[str] = []
    place = 0
    while place < len(hidden):
        size = sizes[len(pieces) % len(sizes)]
        pieces.append(hidden[place : place + size])
        place += size
    events: list[ModelEvent] = [each for piece in pieces for each in (Text(piece), Notice("waiting"))]
    assert whole_text(restored([*events, Finish("stop")], hider)) == text
    assert whole_text(restored([Text("thought"), Replace(""), *events], hider, StreamCut("cut"))) == text
    assert whole_text(restored([Replace(pieces[0]) if pieces else Text(""), *events[2:]], hider)) == text


def test_arguments_of_calls_are_sent_without_and_made_with_what_is_private() -> None:
    """As JSON: what needs an escape there has one, and arguments without anything private keep every byte."""
    hider = Hider(["cards"], ['"secret[^!]*!'])
    said = json.dumps({"card": CARD, "note": ['my "secret\\ thing!']})
    prompt = hide_prompt([PromptMessage("assistant", "", calls=(ToolCall("1", "pay", said),))], hider)
    sent = prompt[0].calls[0].arguments
    assert CARD not in sent
    assert "thing" not in sent
    (event,) = restored([ToolCalls((ToolCall("2", "pay", sent),))], hider)
    assert isinstance(event, ToolCalls)
    assert json.loads(event.calls[0].arguments) == json.loads(said)
    assert hider.hide_json('{ "a":1 }') == '{ "a":1 }'
    assert hider.hide_json(f"no JSON {CARD}") == "no JSON [CARD-1]"


def test_nothing_is_touched_where_nothing_is_to_be_hidden() -> None:
    """Neither the prompt nor what the model says."""
    hider, prompt = Hider(()), [PromptMessage("system", "Be kind."), PromptMessage("user", CARD)]
    assert not hider
    assert hide_prompt(prompt, hider) is prompt
    assert restored([Text("a [CARD-"), Text("1]")], hider) == [Text("a [CARD-"), Text("1]")]


def test_it_is_set_by_names_and_patterns_for_all_and_for_a_channel() -> None:
    """With commas or as a list; patterns as a JSON list or one a line."""
    everywhere = ConversationSettings.model_validate(
        {
            "CONFAB_HIDE": "Cards, iban",
            "CONFAB_HIDE_PATTERNS": "[A-Z]{3}-[0-9]+\nEMP[0-9]+",
            "CONFAB_CHANNELS": '{"C1": {"hide": ["email"]}, "C2": {"hide": "none", "hide_patterns": ["x+"]}}',
        }
    )
    assert everywhere.hide == ("cards", "iban")
    assert everywhere.hide_patterns == ("[A-Z]{3}-[0-9]+", "EMP[0-9]+")
    assert everywhere.overlaid(everywhere.channels["C1"]).hide == ("email",)
    assert everywhere.overlaid(everywhere.channels["C2"]).hide == ()
    assert ConversationSettings.model_validate({"CONFAB_HIDE_PATTERNS": '["a{2}", "b"]'}).hide_patterns == ("a{2}", "b")


@pytest.mark.parametrize(
    ("name", "value"),
    [("hide", "cards,names"), ("hide_patterns", "("), ("hide_patterns", "x*"), ("hide_patterns", '["\\d"]')],
)
def test_what_cannot_be_hidden_is_told_at_the_start(name: str, value: str) -> None:
    """No such kind, or a pattern that RE2 cannot read, that also finds nothing, or that is no JSON."""
    with pytest.raises(ValidationError):
        ChannelSettings.model_validate({name: value})


def test_a_private_key_that_is_cut_off_is_hidden_as_far_as_it_goes() -> None:
    """Words behind it stay; a thousand beginnings without an end take no longer than their letters do."""
    line = "MIIEvQIBADANBgkqhkiG9w0BAQEFAASC" * 2
    text = f"before -----BEGIN PRIVATE KEY-----\n{line}\n{line}\nand after"
    ((start, end),) = find_keys(text)
    assert (text[:start], text[end:]) == ("before ", "\nand after")
    many = "-----BEGIN PRIVATE KEY----- AKIAAAAAAAAAAAAAAAAA " * 1_000
    assert len(list(find_keys(many))) == 2_000


async def test_neither_an_embedder_nor_a_reranker_is_shown_what_is_hidden_anywhere() -> None:
    """A vector serves every channel, so that what one of them hides is hidden for all."""
    told: list[str] = []

    async def sent(answer: object) -> AsyncIterator[bytes]:
        yield json.dumps(answer).encode()

    def answer(request: httpx.Request) -> httpx.Response:
        told.append(request.content.decode())
        if request.url.path.endswith("/rerank"):
            return httpx.Response(200, content=sent({"results": [{"index": 0, "relevance_score": 1.0}]}))
        count = len(json.loads(request.content)["input"])
        return httpx.Response(200, content=sent({"data": [{"index": n, "embedding": [1.0]} for n in range(count)]}))

    settings = ConversationSettings(channels={"C1": ChannelSettings(hide=("cards",))})
    private = f"my card is {CARD}"
    async with httpx.AsyncClient(transport=httpx.MockTransport(answer)) as client:
        embeddings = Embeddings("http://a.example/v1", "", client, hide=hiding_of(settings))
        await embeddings.embed_documents(EmbedderOptions("m"), [private, "plain"], 5.0)
        await embeddings.embed_query(EmbedderOptions("m"), private, 5.0)
        reranker = Reranker("http://a.example", "m", "", client, hide=hiding_of(settings))
        assert await reranker.rank_texts(private, [private]) == [0]
    assert len(told) == 3
    assert all("[CARD-1]" in body and CARD not in body for body in told)
    assert hiding_of(ConversationSettings())([private]) == [private]
