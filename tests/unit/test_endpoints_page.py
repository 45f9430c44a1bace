"""What docs/endpoints.md says of servers is what the tables of dialects know; no pattern of theirs is slow."""

import json
import re
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from core import errors
from core.errors import ModelError
from core.llm import overflow
from core.llm.deltas import THOUGHTS
from core.llm.dialects import adaptations, phrases, thoughts, waits
from core.llm.dialects.finishes import MEANINGS
from core.llm.errors import DailyLimit
from core.llm.refusals import error_of, error_type, read_complaint

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "endpoints.md").read_text()
WORD = re.compile(r"`([^`]+)`")
SERVERS = (
    "Ollama", "LM Studio", "llama.cpp", "vLLM", "SGLang", "TGI", "LiteLLM", "OpenRouter", "Azure", "Groq", "Gemini",
    "Mistral", "DeepSeek", "Qwen", "Anthropic's layer", "xAI", "Perplexity",
)  # fmt: skip
ROWS = [[cell.strip() for cell in line.strip("| ").split("|")] for line in PAGE.splitlines() if line.startswith("| ")]
PATTERNS = {
    f"{module.__name__}.{name}": pattern
    for module in (adaptations, phrases, thoughts, waits, overflow)
    for name, pattern in vars(module).items()
    if hasattr(pattern, "search") and not hasattr(pattern, "compile")
}
HOSTILE = ["1" * 40_000, "a " * 20_000, "<" * 40_000, "context_length_exceeded " + "9" * 40_000, "max tokens " * 4_000]


HOLDERS: dict[str, Callable[[str], object]] = {
    "dialects.thoughts": lambda word: word in thoughts.MARKS,
    "dialects.finishes": lambda word: word in MEANINGS,
    "dialects.phrases": lambda word: (
        word in map(str, phrases.STATUSES) or any(phrase.search(word) for _, _, phrase in phrases.PHRASES)
    ),
    "dialects.waits": waits.SPAN.search,
    "dialects.adaptations": adaptations.ALTERNATE.search,
    "deltas": lambda word: THOUGHTS.search(word) or word in {"message", "x_groq"},
}


def test_every_server_has_its_row_and_every_word_in_it_is_understood_by_a_module_that_the_row_names() -> None:
    """None is there for show."""
    assert [row[0] for row in ROWS[1:]] == list(SERVERS)
    for server, ways, _, held in ROWS[1:]:
        files = WORD.findall(held)
        known = [HOLDERS[file] for file in files if file in HOLDERS]
        words = WORD.findall(ways)
        assert [word for word in words if not any(is_known(word.lower()) for is_known in known)] == [], server


def test_every_module_that_a_row_names_is_there_and_holds_something_of_that_row() -> None:
    """What stands in no backticks, as the shape of a body, is held by `dialects.shapes` and `address`."""
    for server, ways, _, held in ROWS[1:]:
        files, words = WORD.findall(held), [word.lower() for word in WORD.findall(ways)]
        assert [
            file for file in files if not (ROOT / "core" / "llm" / f"{file.replace('.', '/')}.py").is_file()
        ] == [], server
        assert files, server
        idle = [file for file in files if words and file in HOLDERS and not any(map(HOLDERS[file], words))]
        assert idle == [], server


@pytest.mark.parametrize("name", PATTERNS)
def test_no_pattern_is_slower_than_linear(name: str) -> None:
    """Forty thousand hostile characters take no time to speak of."""
    for text in HOSTILE:
        best = 1.0
        for _ in range(
            100
        ):  # what a busy machine adds is never taken away: the quickest of many tells the pattern's own
            begun = time.process_time()
            PATTERNS[name].search(text)
            best = min(best, time.process_time() - begun)
            if best < 0.05:
                break
        assert best < 0.05, text[:20]


MINUTE = "You exceeded your current quota, please check your plan and billing details. Please retry in 3.66s."
DAY = {"violations": [{"quotaId": "GenerateRequestsPerDayPerProjectPerModel-FreeTier"}]}


@pytest.mark.parametrize(
    ("status", "fault", "error"),
    [
        (429, {"message": MINUTE}, errors.RateLimited),
        (429, {"message": "exceeded your current quota", "details": [{"retryDelay": "3s"}]}, errors.RateLimited),
        (429, {"message": "exceeded your current quota", "details": [DAY]}, DailyLimit),
        (429, {"message": "exceeded your current quota", "code": "insufficient_quota"}, errors.NoQuota),
        (424, {"message": "failed"}, errors.EndpointFailing),
        (498, {"message": "flex"}, errors.EndpointFailing),
        (529, {"message": "overloaded"}, errors.EndpointFailing),
        (400, {"message": "No connected db."}, errors.WrongKey),
        (400, {"message": "Content Exists Risk"}, errors.ContentFiltered),
        (400, {"message": "Input data may contain inappropriate content."}, errors.ContentFiltered),
        (403, {"message": "Content violates usage guidelines."}, errors.ContentFiltered),
    ],
)
def test_a_fault_is_told_as_what_it_is(status: int, fault: dict[str, object], error: type[ModelError]) -> None:
    """In the words of Gemini, TGI, Groq, Anthropic, LiteLLM, DeepSeek, Qwen and xAI."""
    assert error_type(read_complaint(status, json.dumps({"error": fault}))) is error


def test_a_daily_limit_says_when_it_ends() -> None:
    """As far as the endpoint tells it."""
    told = {"error": {"message": "Limit on tokens per day (TPD). Please try again in 14m24s."}}
    assert "in about 15 minutes" in error_of(read_complaint(429, json.dumps(told)), "").notice
    assert "tomorrow" in error_of(read_complaint(429, json.dumps({"error": {"message": "per day"}})), "").notice
