"""What a chat completion is asked with: the options that an operator sets, and the body that they make."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class ModelOptions:
    """An endpoint, a model, and every parameter of a request; None leaves a parameter out of it.

    `opening` is text that the answer begins with. `user_salt` makes the endpoint be sent a hash of who asks, for
    its abuse reports. `extra_body` is merged into the body last. All times are in seconds: `first_token_timeout`
    runs from the beginning of the call, retries included, and `retry_deadline` is when the last retry may begin.
    """

    base_url: str
    api_key: str
    model: str
    max_tokens: int | None = None
    temperature: float | None = None
    top_p: float | None = None
    presence_penalty: float | None = None
    frequency_penalty: float | None = None
    stop: tuple[str, ...] = ()
    seed: int | None = None
    logit_bias: Mapping[str, float] | None = None
    n: int | None = None
    reasoning_effort: str | None = None
    opening: str = ""
    extra_body: Mapping[str, Any] = field(default_factory=dict)
    user_salt: str = ""
    connect_timeout: float = 5.0
    first_token_timeout: float = 36.0
    silence_timeout: float = 20.0
    retry_deadline: float = 16.0
    max_connections: int = 64
