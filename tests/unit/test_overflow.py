"""How servers say that a prompt is too long: it is understood in all their words, and no other number is a window."""

import json
import time
from pathlib import Path
from typing import Any

import pytest

from core.errors import AnswerLimitTooLarge, ContextOverflow, ModelError, RateLimited
from core.llm.overflow import ANSWER_LIMIT, OTHER_OVERFLOW, OVERFLOW, overflow_figures
from core.llm.refusals import complaint_in_stream, error_type, read_complaint

# What real servers say, one line each, with the window and the prompt's length that it tells.
WORDS = [json.loads(line) for line in (Path(__file__).parent / "overflows.jsonl").read_text().splitlines()]
LIMITS = [
    "max_tokens is too large: 200000. This model supports at most 16384 completion tokens",
    "`max_tokens` must be less than or equal to `8192`, the maximum value for `max_tokens`",
    "Invalid max_tokens value, the valid range of max_tokens is [1, 8192]",
    "Range of max_tokens should be [1, 8192]",
    "max_tokens: 200000 > 64000, which is the maximum allowed number of output tokens for claude",
]


@pytest.mark.parametrize("words", WORDS, ids=lambda words: words["said"][:40])
def test_an_overflow_is_understood_with_its_figures(words: dict[str, Any]) -> None:
    """A difference, an error's code and a request's id are no figures of a window."""
    assert error_type(read_complaint(400, json.dumps({"error": {"message": words["said"]}}))) is ContextOverflow
    assert overflow_figures(words["said"]) == (words["window"], words["prompt"])


@pytest.mark.parametrize("said", [words["said"] for words in WORDS], ids=lambda said: said[:40])
def test_an_overflow_in_mid_stream_is_read_by_its_words(said: str) -> None:
    """Without a code or a status, too."""
    assert error_type(complaint_in_stream({"error": {"message": said, "type": "BadRequestError"}})) is ContextOverflow
    assert error_type(complaint_in_stream({"error": said})) is ContextOverflow


@pytest.mark.parametrize(
    "body",
    [
        'data: {"error": {"code": 400, "message": "too long", "type": "exceed_context_size_error", "n_ctx": 8192}}\n\n',
        'error: {"code": 400, "message": "the request exceeds the available context size", "type": "x"}\n\n',
        'event: error\ndata: {"error": "Trying to keep the first 6253 tokens when context the overflows."}\n\n',
        'data:{"error": {"message": "Prompt exceeds max length", "code": "1261"}}',
    ],
)
def test_a_refusal_whose_body_is_an_event_is_read_as_well(body: str) -> None:
    """As llama.cpp's server writes it."""
    assert error_type(read_complaint(400, body)) is ContextOverflow


@pytest.mark.parametrize("body", ["Request Entity Too Large", "<html>413</html>", "", '{"message": "payload"}'])
def test_whatever_a_413_says_something_was_too_long(body: str) -> None:
    """A proxy's page, too."""
    assert error_type(read_complaint(413, body)) is ContextOverflow


@pytest.mark.parametrize("said", LIMITS)
def test_a_limit_that_the_model_does_not_take_is_told_as_that(said: str) -> None:
    """It is no overflow, and the hint names the setting."""
    assert error_type(read_complaint(400, json.dumps({"error": {"message": said}}))) is AnswerLimitTooLarge
    assert "CONFAB_MAX_TOKENS" in AnswerLimitTooLarge.hint


@pytest.mark.parametrize(
    "said",
    ["model runner has stopped", "CUDA out of memory", "Provider disconnected", "internal error 500123"],
)
def test_other_faults_in_mid_stream_stay_the_endpoints(said: str) -> None:
    """They are tried again, not cut."""
    error: type[ModelError] = error_type(complaint_in_stream({"error": said}))
    assert error.__name__ == "EndpointFailing"


@pytest.mark.parametrize(
    "said",
    [
        "<400> InternalError.Algo.InvalidParameter: The message role is invalid",
        "Invalid 'stop': array too long. Expected an array with maximum length 4",
        "Invalid 'user': string too long. Expected a string with maximum length 64",
        "image is too large: exceeds 5 MB maximum",
        "messages: at most 100 images",
        "max_completion_tokens must be less than 32768",
    ],
)
def test_what_is_too_much_of_something_else_is_no_overflow(said: str) -> None:
    """Nothing that was said before would be cut for it."""
    assert error_type(read_complaint(400, json.dumps({"error": {"message": said}}))) is not ContextOverflow


@pytest.mark.parametrize("said", ["Rate limit exceeded: 40000 tokens per minute", "Too many requests: 9000 tokens"])
def test_a_limit_by_the_minute_is_no_overflow_in_mid_stream(said: str) -> None:
    """It speaks of tokens too."""
    assert error_type(complaint_in_stream({"error": {"message": said}})) is RateLimited


@pytest.mark.parametrize("piece", ["max ", "1", "1,000", "context length ", "exceeds ", "> 1", "token count ", "[1, "])
def test_no_words_take_long(piece: str) -> None:
    """Of forty thousand hostile characters: what is not linear takes minutes of the processor for them."""
    said = (piece * 40_000)[:40_000]
    begun = time.process_time()
    OVERFLOW.search(said), OTHER_OVERFLOW.search(said), ANSWER_LIMIT.search(said), overflow_figures(said)
    assert time.process_time() - begun < 2.0
