"""Embedders for the bench that ask no network: the sandbox's own, and a real one where its wheel is installed."""

import importlib
import importlib.util
import struct
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

from core.llm.embeddings import NOBODY, EmbedderOptions, Embeddings
from core.spending.charge import Payer
from deploy.sandbox.openai.embeddings import embed_text

Embed = Callable[[str], bytes]


class LocalEmbeddings(Embeddings):
    """What an endpoint would answer, made in this process, so that its time is not measured."""

    def __init__(self, embed: Embed) -> None:
        self._embed_text = embed

    async def embed_query(self, options: EmbedderOptions, text: str, seconds: float, payer: Payer = NOBODY) -> bytes:  # noqa: ARG002 - as the endpoint's
        """Return a question's vector."""
        return self._embed_text(text)

    async def embed_documents(self, options: EmbedderOptions, texts: Sequence[str], seconds: float) -> list[bytes]:  # noqa: ARG002 - as the endpoint's
        """Return the vectors of texts."""
        return [self._embed_text(text) for text in texts]


def embed_by_sandbox(text: str) -> bytes:
    """Return the vector that the sandbox's endpoint gives: deterministic, and with few synonyms."""
    vector = embed_text(text)
    return struct.pack(f"<{len(vector)}f", *vector)


def find_real_embedder() -> Embed | None:
    """Return WordLlama's 256 numbers (MIT; its wheel holds the weights), None where `pip install wordllama` was not.

    A text's vector is the mean of its tokens' vectors (WordLlama, README).
    """
    if not (found := importlib.util.find_spec("wordllama")) or not found.origin:
        return None
    folder = Path(found.origin).parent
    tokenizers, tensors = importlib.import_module("tokenizers"), importlib.import_module("safetensors.numpy")
    tokenizer = tokenizers.Tokenizer.from_file(str(folder / "tokenizers" / "l2_supercat_tokenizer_config.json"))
    (matrix,) = tensors.load_file(str(folder / "weights" / "l2_supercat_256.safetensors")).values()
    weights: npt.NDArray[np.float32] = matrix.astype(np.float32)

    def embed(text: str) -> bytes:
        mean = weights[tokenizer.encode(text, add_special_tokens=False).ids or [0]].mean(axis=0)
        return bytes((mean / (np.linalg.norm(mean) or 1.0)).astype("<f4").tobytes())

    return embed
