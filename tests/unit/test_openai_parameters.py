"""What OpenAI alone is told of a request: which begin alike, and who asks, in the newer of two names."""

import pytest

from core.llm.dialects.adaptations import SETTINGS, Adaptation, find_adaptation
from core.llm.refusals import read_complaint
from core.llm.request import chat_body, hash_user
from core.llm.settings import ModelSettings
from core.messages import PromptMessage

OWN = {"prompt_cache_key", "safety_identifier"}
BEGINNING = (PromptMessage("system", "Be kind."), PromptMessage("user", "Ada: what is a heron?"))
LATER = (*BEGINNING, PromptMessage("assistant", "A bird."), PromptMessage("user", "Ada: how tall?"))


def options(base_url: str, salt: str = "salt") -> ModelSettings:
    """Return settings for a model at an address."""
    return ModelSettings(model="gpt-5", base_url=base_url, user_salt=salt)


@pytest.mark.parametrize(
    "base_url",
    ["https://api.openai.com/v1", "https://eu.api.openai.com/v1", "https://ours.openai.azure.com/openai/v1"],
)
def test_openai_is_told_who_asks_and_what_begins_alike(base_url: str) -> None:
    """The same key while a conversation grows, another for another, and no name in either."""
    first, later = (chat_body(options(base_url), prompt, "U1") for prompt in (BEGINNING, LATER))
    other = chat_body(options(base_url), [BEGINNING[0], PromptMessage("user", "Ada: what is a tern?")], "U1")
    assert first["prompt_cache_key"] == later["prompt_cache_key"] != other["prompt_cache_key"]
    assert first["safety_identifier"] == hash_user("U1", "salt")
    assert "user" not in first
    assert "safety_identifier" not in chat_body(options(base_url, ""), BEGINNING, "U1")


@pytest.mark.parametrize(
    "base_url",
    [
        "http://127.0.0.1:8080/v1",
        "https://api.mistral.ai/v1",
        "https://notopenai.com/v1",
        "https://openai.com.example/v1",
    ],
)
def test_nobody_else_is_sent_what_he_may_not_know(base_url: str) -> None:
    """The older name is known everywhere."""
    body = chat_body(options(base_url), BEGINNING, "U1")
    assert not OWN & body.keys()
    assert body["user"] == hash_user("U1", "salt")


@pytest.mark.parametrize("name", sorted(OWN))
def test_where_it_is_refused_all_the_same_it_is_left_out(name: str) -> None:
    """After the first refusal, as with every parameter that may go."""
    body = chat_body(options("https://api.openai.com/v1"), BEGINNING, "U1")
    complaint = read_complaint(400, f'{{"error": {{"message": "Unsupported parameter: \'{name}\'."}}}}')
    assert find_adaptation(complaint, body, ()) == Adaptation("drop", name)
    assert name in SETTINGS
