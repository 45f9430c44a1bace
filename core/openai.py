"""The streaming client for chat completions of any OpenAI-compatible endpoint."""

from collections.abc import AsyncIterator, Sequence

import httpx

from core.chat_request import ModelOptions
from core.messages import ModelEvent, PromptMessage

__all__ = ["ModelOptions", "OpenAI", "open_client"]


def open_client(options: ModelOptions) -> httpx.AsyncClient:
    """Return the one client that all calls share; the caller closes it (`async with`)."""
    limits = httpx.Limits(max_connections=options.max_connections, keepalive_expiry=60.0)
    return httpx.AsyncClient(limits=limits)


class OpenAI:
    """Asks one model at one endpoint, over a client that the caller opened and closes."""

    def __init__(self, options: ModelOptions, client: httpx.AsyncClient) -> None:
        self._options = options
        self._client = client

    def chat(self, prompt: Sequence[PromptMessage], user: str) -> AsyncIterator[ModelEvent]:
        """Yield the answer to `prompt` as it is made: Text pieces, then Usage where it is reported, then Finish.

        `user` is the platform's id of who asks. Raises a ModelError, after the text that had come by then.
        """
        raise NotImplementedError
