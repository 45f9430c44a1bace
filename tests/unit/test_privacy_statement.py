"""What is told of what is kept: from the settings as they are, and of who may train on it."""

import pytest

from core.policy import ChannelSettings
from core.privacy.statement import fill_form, format_statement
from core.privacy.training import training_note
from tests.support.private import FACTS


@pytest.mark.parametrize(("days", "told"), [(None, "until somebody asks"), (1, "1 day"), (30, "30 days")])
def test_the_statement_tells_for_how_long(days: float | None, told: str) -> None:
    """And who gets what, whom to ask, and how to have it erased."""
    shown = format_statement(FACTS, ChannelSettings(retention_days=days))
    for part in (told, "models.example", "The librarian", "forget me"):
        assert part in shown


def test_where_nothing_is_stored_the_statement_says_so() -> None:
    """And speaks of no pictures and summaries."""
    shown = format_statement(FACTS, ChannelSettings(retention_days=0))
    assert "Nothing of what is said" in shown
    assert "summaries of long" not in shown


def test_the_form_has_the_answers_that_the_settings_give() -> None:
    """For how long, by whom, and whether it is encrypted."""
    shown = fill_form("{kept} {encrypted} {shared} {training}", FACTS, ChannelSettings(retention_days=7))
    for part in ("7 days", "CONFAB_DATABASE_KEY", "models.example"):
        assert part in shown


@pytest.mark.parametrize(
    ("host", "model", "extra", "is_noted"),
    [
        ("generativelanguage.googleapis.com", "gemini-2.5-flash", {}, True),
        ("openrouter.ai", "deepseek/deepseek-r1:free", {}, True),
        ("openrouter.ai:443", "some/model:free", {}, True),
        ("openrouter.ai", "some/model:free", {"provider": {"data_collection": "deny"}}, False),
        ("openrouter.ai", "some/model", {}, False),
        ("notopenrouter.ai", "some/model:free", {}, False),
        ("api.openai.com", "gpt-5", {}, False),
        ("127.0.0.1:11434", "llama", {}, False),
    ],
)
def test_an_endpoint_that_may_train_is_known(host: str, model: str, extra: dict[str, object], is_noted: bool) -> None:
    """By its address and the model's name, unless the request forbids it."""
    assert bool(training_note(host, model, extra)) == is_noted
