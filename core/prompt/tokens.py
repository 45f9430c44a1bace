"""How many tokens a text has, counted offline: exactly where the model's vocabulary is on board, else closely."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

try:
    from splintr import Tokenizer
except ImportError:  # a platform without a wheel: the table below takes over
    Tokenizer = None  # type: ignore[assignment,misc]  # the name is bound either way

Count = Callable[[str], int]

PIECE = 16_384  # characters that are counted at once: time grows faster than length on hostile text (a run of spaces)

# Which of the vocabularies on board a model's name means; a name that is in no line is counted as OpenAI's newest.
FAMILIES: tuple[tuple[re.Pattern[str], str], ...] = (
    (re.compile(r"gpt-oss"), "gpt-oss"),
    (re.compile(r"gpt-4(?:-|$)|gpt-3\.5|gpt-35"), "cl100k_base"),
    (re.compile(r"gpt-|chatgpt|^o\d"), "o200k_base"),
    (re.compile(r"deepseek"), "deepseek_v3"),
    (re.compile(r"llama-?3"), "llama3"),
    (re.compile(r"qwen"), "qwen3"),
    (re.compile(r"glm-?4"), "glm4"),
    (re.compile(r"kimi"), "kimi_k2"),
    (re.compile(r"phi-?4"), "phi4"),
    (re.compile(r"gemma-?3"), "gemma3"),
    (re.compile(r"mistral-(?:nemo|large|small|medium)|pixtral|ministral"), "mistral_v3"),
)
WARMING = "a1 ß你"  # the first text outside of ASCII takes a fifth of a second
USUAL = "o200k_base"

# Tokens for each character of a script, rounded up, for when no vocabulary is there.
SCRIPTS: tuple[tuple[re.Pattern[str], float], ...] = (
    (re.compile(r"[A-Za-z]"), 0.26),
    (re.compile(r"[\u00c0-\u052f]"), 0.4),
    (re.compile(r"[0-9]"), 0.5),
    (re.compile(r"\s"), 0.15),
    (re.compile(r"[!-/:-@\[-`{-~]"), 0.7),
    (re.compile(r"[\u0530-\u1fff]"), 0.7),
    (re.compile(r"[\u2000-\uffff]"), 1.1),
    (re.compile(r"[\U00010000-\U0010ffff]"), 2.0),
)


@dataclass(frozen=True, slots=True)
class Counter:
    """Counts a text's tokens; `exact` says whether the vocabulary is the model's own."""

    count: Count
    exact: bool


def counter_for(model: str) -> Counter:
    """Return what counts for a model, by its name; its vocabulary is loaded when a text is counted first."""
    known = next((name for pattern, name in FAMILIES if pattern.search(model.lower())), "")
    if Tokenizer is None:
        return Counter(by_script, exact=False)
    return Counter(by_vocabulary(known or USUAL), exact=bool(known))


def load_vocabulary(counter: Counter) -> None:
    """Load a counter's vocabulary, which takes half a second, so that nobody's first question waits for it."""
    counter.count(WARMING)


@lru_cache(maxsize=8)  # a vocabulary takes 20 MiB, and is the same for everybody
def _read_vocabulary(name: str) -> Callable[[str], list[int]]:
    return Tokenizer.from_pretrained(name).encode_ordinary


@lru_cache(maxsize=8)
def by_vocabulary(name: str) -> Count:
    """Return what counts with a vocabulary on board; what looks like a special token is text to it."""

    def count(text: str) -> int:
        encode, clean = _read_vocabulary(name), text.encode(errors="replace").decode()  # a lone surrogate is no text
        return sum(len(encode(clean[start : start + PIECE])) for start in range(0, len(clean), PIECE))

    return lru_cache(maxsize=64)(count)  # the instructions stand in every prompt, and an answer is counted twice


def by_script(text: str) -> int:
    """Estimate from the scripts in a text how many tokens it has, rather too many than too few."""
    return round(sum(len(pattern.findall(text)) * rate for pattern, rate in SCRIPTS) + 0.5)
