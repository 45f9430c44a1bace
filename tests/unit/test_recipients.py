"""Who is sent what, as the statement of `privacy` tells of it, follows from the settings."""

import json

import pytest

from bots.recipients import recipients_of
from bots.settings import Settings

USUAL = {
    "SLACK_BOT_TOKEN": "xoxb-1",
    "SLACK_APP_TOKEN": "xapp-1",
    "OPENAI_BASE_URL": "https://models.example/v1",
    "OPENAI_API_KEY": "sk-1",
    "OPENAI_MODEL": "m",
    "CONFAB_MODERATION": "off",
}
SEARCH = {"CONFAB_SEARCH_URL": "https://ada:secret@search.example/search"}
FINDERS = {
    "CONFAB_EMBEDDINGS_MODEL": "e",
    "CONFAB_EMBEDDINGS_BASE_URL": "https://vectors.example/v1",
    "CONFAB_RERANK_URL": "https://order.example/rerank",
}
FOUND = {"vectors.example", "order.example"}


@pytest.mark.parametrize(
    ("given", "channels", "told"),
    [
        ({}, {}, set()),
        (SEARCH, {}, {"search.example"}),
        ({**SEARCH, "CONFAB_TOOLS": "none"}, {}, set()),
        ({**SEARCH, "CONFAB_TOOLS": "none"}, {"C0000001": {"merge": True}}, set()),
        ({**SEARCH, "CONFAB_TOOLS": "none"}, {"C0000001": {"tools": "web_search"}}, {"search.example"}),
        (FINDERS, {}, set()),
        (FINDERS, {"C0000001": {"merge": True}}, set()),
        (FINDERS, {"C0000001": {"knowledge": "files"}}, FOUND),
        ({**FINDERS, "CONFAB_KNOWLEDGE": "all"}, {"C0000001": {"knowledge": "off"}}, FOUND),
        ({"CONFAB_OPENAPI": "https://api.example/openapi.json"}, {}, {"api.example"}),
    ],
)
def test_who_is_sent_anything_is_told_where_any_channel_does_so(
    given: dict[str, str], channels: dict[str, dict[str, object]], told: set[str]
) -> None:
    """The model always; others where they are on somewhere, and none for what a channel does not say of itself."""
    settings = Settings.load({**USUAL, **given, "CONFAB_CHANNELS": json.dumps(channels)})
    places = {each.host for each in recipients_of(settings, {})}
    assert "models.example" in places
    assert places - {"models.example", "this machine"} == told
