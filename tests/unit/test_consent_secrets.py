"""What a card shows of arguments: everything that would be sent, but for what looks like a secret."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.consent.secrets import HIDDEN, hide_secrets
from core.consent.wording import card_of
from core.messages import ToolCall
from core.storage.consents import Consent
from core.tool_calls import CallRecord, digest_of

ASKED = Consent("c1", "t1", 0, "", is_tainted=False, until=1.0, message_id="", choice="", decided_by="",
                decided_in="", decided_at=0.0, is_closed=False)  # fmt: skip


def call(arguments: str, place: int = 0, name: str = "server__tool") -> CallRecord:
    """Return a call that waits."""
    return CallRecord(0, place, ToolCall(f"call{place}", name, arguments), "waiting")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("password", "hunter2"),
        ("apiKey", "k"),
        ("API_KEY", "k"),
        ("x-access-token", "t"),
        ("clientSecret", {"inner": "s"}),
        ("Authorization", "anything"),
        ("pin", 1234),
        ("header", "Bearer abcdefgh12345678"),
        ("text", "the key is sk-proj-abcdefghijklmnop1234"),
        ("text", "xoxb-1234567890-abcdefghij"),
        ("text", "ghp_abcdefghijklmnopqrstuvwxyz0123"),
        ("text", "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.c2lnbmF0dXJl"),
        ("text", "-----BEGIN PRIVATE KEY-----\nMIIEvQ\n-----END PRIVATE KEY-----"),
        ("url", "https://ada:hunter2@db.example/x"),
        ("text", "set password=hunter2, please"),
        ("list", [{"deep": {"refresh_token": "r"}}]),
    ],
)
def test_what_looks_like_a_secret_is_hidden(name: str, value: object) -> None:
    """By the name that it has, or by its own form, however deep it lies."""
    assert HIDDEN in json.dumps(hide_secrets({name: value}))
    assert "hunter2" not in json.dumps(hide_secrets({name: value}))


@pytest.mark.parametrize(
    "arguments",
    [
        {"title": "Water the plants", "number": 3, "is_private": True, "due": None},
        {"max_tokens": 5, "commit": "0123456789abcdef0123456789abcdef01234567", "author": "Ada"},
        {"id": "6b1f7c1e-0a4b-4c39-9d0a-0d8a3a1c2b3d", "to": "ada@example.com", "password": ""},
    ],
)
def test_anything_else_is_shown_as_it_is(arguments: dict[str, object]) -> None:
    """Whoever allows a call has to see what it would do."""
    assert hide_secrets(arguments) == arguments


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=40),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=10), inner, max_size=4),
    max_leaves=12,
)


@settings(max_examples=20)
@given(st.lists(st.dictionaries(st.text(max_size=10), JSON, max_size=4), min_size=1, max_size=5))
def test_a_card_fits_one_message_whatever_its_calls_are(arguments: list[dict[str, object]]) -> None:
    """And names each of them; a fence that is in an argument closes none of its own."""
    calls = [call(json.dumps(each), place, "t" * 64) for place, each in enumerate(arguments)]
    text = card_of(ASKED, calls, ("asker", "user:U1")).text
    assert text.count("t" * 64) == len(calls)
    assert len(text) < 1_900  # Discord takes 2,000, how it ended included


def test_a_long_argument_shows_its_beginning_its_end_and_how_much_is_between() -> None:
    """So that nothing can hide behind its length unsaid."""
    text = card_of(ASKED, [call(json.dumps({"text": f"begin{'x' * 5_000}end"}))], ("asker",)).text
    assert "begin" in text
    assert 'end"' in text
    assert "characters more" in text


def test_consent_is_bound_to_the_exact_calls() -> None:
    """Any other name, argument or order is another thing to allow."""
    one, two = call('{"a": 1}'), call('{"a": 2}', 1)
    digests = {digest_of(each) for each in ([one], [two], [one, two], [two, one], [call('{"a": 1}', name="other")])}
    assert len(digests) == 5
    assert digest_of([one]) == digest_of([call('{"a": 1}', 7)])
