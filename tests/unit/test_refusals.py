"""What endpoints say when they refuse, and the error that each of their sentences means."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core import errors
from core.errors import ModelError
from core.llm.quotations import redact_quotations
from core.llm.refusals import complaint_in_stream, error_type, read_complaint

# Bodies as real servers send them: one line each, with the status and the error that it means.
REFUSALS = [json.loads(line) for line in (Path(__file__).parent / "refusals.jsonl").read_text().splitlines()]


@pytest.mark.parametrize("refusal", REFUSALS, ids=lambda refusal: f"{refusal['status']}-{refusal['error']}")
def test_what_real_servers_say_is_understood(refusal: dict[str, Any]) -> None:
    """In each of their shapes, with the seconds that they ask to be left alone."""
    text = refusal["body"] if isinstance(refusal["body"], str) else json.dumps(refusal["body"])
    complaint = read_complaint(refusal["status"], text)
    assert (error_type(complaint).__name__, complaint.wait) == (refusal["error"], refusal.get("wait"))


@pytest.mark.parametrize(
    ("chunk", "error"),
    [
        ({"error": {"code": 429, "message": "Slow down"}}, errors.RateLimited),
        ({"error": {"code": "rate_limit_exceeded", "message": "Slow down"}}, errors.RateLimited),
        ({"error": {"code": "server_error", "message": "Provider disconnected"}}, errors.EndpointFailing),
        ({"error": {"type": "invalid_request_error", "code": "context_length_exceeded"}}, errors.ContextOverflow),
        ({"object": "error", "message": "CUDA out of memory", "code": 500}, errors.EndpointFailing),
        ({"error": "model runner has stopped"}, errors.EndpointFailing),
    ],
)
def test_an_error_inside_a_stream_is_of_the_same_tree(chunk: dict[str, Any], error: type[ModelError]) -> None:
    """With a status as its code, or a word."""
    assert error_type(complaint_in_stream(chunk)) is error


@given(st.integers(400, 599), st.text() | st.recursive(st.none() | st.integers() | st.text(), st.lists).map(json.dumps))
def test_any_refusal_is_one_of_the_tree(status: int, body: str) -> None:
    """Whatever an endpoint says."""
    assert issubclass(error_type(read_complaint(status, body)), ModelError)


@given(st.text(min_size=16), st.text(max_size=40), st.text(max_size=40))
def test_no_long_run_of_the_private_text_is_left(private: str, before: str, after: str) -> None:
    """Wherever it stands."""
    left = redact_quotations(f"{before}{private}{after}", private)
    assert private not in left
