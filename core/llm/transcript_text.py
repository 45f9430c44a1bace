"""The words of a transcript: without a model's marks, and without what it invents where nothing was said. Pure."""

import re
import unicodedata
from collections.abc import Iterable, Mapping
from typing import Any

from core.llm.dialects.inventions import CREDITS, ENDING_SOUNDS, FAREWELL, MOST_WORDS, SOUNDS

# OpenAI's API reference calls a segment failed beyond these (audio, verbose_json); whisper itself looks for no speech
# from 0.6 on, where the words are unlikely as well.
LEAST_LOGPROB, MOST_COMPRESSION = -1.0, 2.4
NO_SPEECH, UNLIKELY = 0.6, -0.5

BEFORE_WORDS = re.compile(r"(?:language\s+[\w-]{1,40}\s*)?</?asr_text>", re.IGNORECASE)  # Qwen3-ASR
TOKENS = re.compile(r"<\|[^|<>]{0,40}\|>|\[_[A-Z]{1,8}_?\d{0,6}\]|</?(?:noise|unk|silence|music)>")  # SenseVoice
ASIDES = re.compile(r"\[[^\[\]]{0,60}\]|【[^【】]{0,60}】|\*[^*\n]{1,60}\*|[♩♪♫♬]+")
PARENTHESES = re.compile(r"[(\uff08][^()\uff08\uff09]{0,60}[)\uff09]")
CUES = re.compile(r"^(?:WEBVTT[^\n]*|NOTE [^\n]*|\d{1,6}|[\d:.,]{5,16} +--> [^\n]*)\r?$", re.MULTILINE)  # of subtitles
SENTENCES = re.compile(r"(?<=[.!?…])(?=\s)|(?<=[。\uff01\uff1f\n])")
APOSTROPHES = "'\u2019\u02bc"


def words_of(text: str) -> str:
    """Return what was said, of all that a transcriber wrote; empty where it heard sounds only, or invented it all."""
    text = CUES.sub(" ", text) if "-->" in text else text
    text = TOKENS.sub(" ", BEFORE_WORDS.sub(" ", text))
    text = PARENTHESES.sub(_without_sound, ASIDES.sub(" ", text))
    spoken = [each for each in SENTENCES.split(text) if _plain(each) and not CREDITS.search(_plain(each))]
    if all(FAREWELL.search(_plain(each)) for each in spoken) or FAREWELL.search(_plain("".join(spoken))):
        return ""
    return " ".join("".join(spoken).split())


def words_of_segments(segments: Iterable[Mapping[str, Any]]) -> str:
    """Return the words of the segments in which something was said: `text` with whisper's figures, where it has any.

    The figures are `no_speech_prob`, `avg_logprob` and `compression_ratio` (OpenAI API reference, verbose_json).
    """
    heard = (each["text"].strip() for each in segments if isinstance(each.get("text"), str) and not _is_failed(each))
    return words_of(" ".join(heard))


def _is_failed(segment: Mapping[str, Any]) -> bool:
    """Whether nothing was said there, by the model's own figures."""
    logprob, silent, ratio = (_figure(segment, name) for name in ("avg_logprob", "no_speech_prob", "compression_ratio"))
    return logprob < LEAST_LOGPROB or ratio > MOST_COMPRESSION or (silent > NO_SPEECH and logprob < UNLIKELY)


def _figure(segment: Mapping[str, Any], name: str) -> float:
    value = segment.get(name)
    return float(value) if isinstance(value, int | float) else 0.0


def _without_sound(aside: re.Match[str]) -> str:
    words = _plain(aside[0]).split()
    is_sound = len(words) <= MOST_WORDS and bool(words) and words[-1].startswith(ENDING_SOUNDS)
    return " " if is_sound or " ".join(words).startswith(SOUNDS) else aside[0]


def _plain(text: str) -> str:
    """Return the letters and figures of a text in lower case, a space where it had others between."""
    kept = (_plain_letter(letter) for letter in unicodedata.normalize("NFC", text).casefold())
    return " ".join("".join(kept).split())


def _plain_letter(letter: str) -> str:
    is_kept = letter.isalnum() or unicodedata.category(letter).startswith("M")
    return letter if is_kept else "" if letter in APOSTROPHES else " "
