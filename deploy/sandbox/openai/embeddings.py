"""A stand-in for `/v1/embeddings`: the same text gives the same vector, and texts with the same words are near.

It knows of some words that they mean the same. Facts: OpenAI API reference, Create embeddings: at most 2,048 texts of a
request, none of them empty, each of at most 8,192 tokens; base64 is of little-endian 32-bit floats.
"""

import base64
import hashlib
import math
import re
import struct
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from deploy.sandbox.openai.replies import Fault, refusal

DIMENSIONS = 256
MOST_TEXTS = 2_048
MOST_CHARACTERS = 8_192 * 4  # by the stand-in's own count of tokens
WORD = re.compile(r"\w+")
ENDINGS = re.compile(r"(?:ings?|ed|es|s|ly)$")

# Words that mean the same, by which a text is near to one that shares none with it.
MEANINGS = (
    "holiday vacation leave off", "salary pay wage earn money", "boss manager lead head chief", "car vehicle parking",
    "doctor physician medical ill sick", "buy purchase order procure", "begin start launch", "end finish stop close",
    "quick fast rapid", "password secret credential", "meeting appointment conference", "repair fix mend broken",
    "customer client buyer", "error fault failure bug", "house building office", "food meal lunch eat cafeteria",
    "travel trip journey train", "child kid parental", "computer laptop machine notebook", "phone telephone call ring",
    "rule policy guideline", "cost price expensive fee", "send ship deliver dispatch", "shut locked closed",
    "internet wifi network online", "reimburse refund repay expense", "quit resign notice terminate",
    "wear dress attire", "pet dog animal", "fire emergency alarm evacuate", "trash garbage waste bin",
    "print printer paper",
)  # fmt: skip
MEANING_OF = {word: group.split()[0] for group in MEANINGS for word in group.split()}


@dataclass(slots=True)
class Embedder:
    """The endpoint's state: what it was asked, as bodies, and what the next requests are refused with."""

    asked: list[dict[str, Any]] = field(default_factory=list)
    script: deque[Fault] = field(default_factory=deque)

    def answer(self, body: dict[str, Any]) -> Fault | dict[str, Any]:
        """Return what a request is answered with."""
        self.asked.append(body)
        if self.script:
            return self.script.popleft()
        given = body.get("input")
        texts = [given] if isinstance(given, str) else given
        if fault := _find_fault(body, texts):
            return fault
        vectors = [embed_text(str(text), body.get("dimensions") or DIMENSIONS) for text in texts or ()]
        as_base64 = body.get("encoding_format") == "base64"
        data = [
            {"object": "embedding", "index": number, "embedding": _as_base64(each) if as_base64 else each}
            for number, each in enumerate(vectors)
        ]
        tokens = sum(len(str(text)) for text in texts or ()) // 4
        usage = {"prompt_tokens": tokens, "total_tokens": tokens}
        return {"object": "list", "data": data, "model": body["model"], "usage": usage}


def embed_text(text: str, dimensions: int = DIMENSIONS) -> list[float]:
    """Return a text's vector, of length 1: its words and their beginnings, each at places that its hash tells."""
    vector = [0.0] * dimensions
    for word in WORD.findall(text.lower()):
        stem = ENDINGS.sub("", word) if len(word) > 4 else word
        meaning = MEANING_OF.get(word) or MEANING_OF.get(stem, stem)
        for feature, weight in ((meaning, 1.0), (stem[:5], 0.3)):
            digest = hashlib.sha256(feature.encode()).digest()
            sign = 1.0 if digest[4] & 1 else -1.0
            vector[int.from_bytes(digest[:4], "big") % dimensions] += sign * weight / (1 + 2 * (len(stem) < 4))
    length = math.sqrt(sum(each * each for each in vector)) or 1.0
    return [each / length for each in vector] if any(vector) else [1.0, *vector[1:]]


def _find_fault(body: dict[str, Any], texts: object) -> Fault | None:
    """Return why a request is refused, or None."""
    if not body.get("model"):
        return refusal(400, "you must provide a model parameter")
    if not isinstance(texts, Sequence) or not texts or not all(isinstance(text, str) and text for text in texts):
        return refusal(400, "'$.input' is invalid. Please check the API reference.")
    if len(texts) > MOST_TEXTS:
        return refusal(400, f"'input' array length must be {MOST_TEXTS} or less.")
    if any(len(text) > MOST_CHARACTERS for text in texts):
        return refusal(400, "This model's maximum context length is 8192 tokens.", code="context_length_exceeded")
    return None


def _as_base64(vector: Sequence[float]) -> str:
    return base64.b64encode(struct.pack(f"<{len(vector)}f", *vector)).decode()
