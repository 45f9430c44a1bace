"""What an operator sets is read once, and every fault is told at once."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bots.voice import transcribers
from core.errors import SettingsError
from core.settings import ChannelSettings, Settings

ENOUGH = {"SLACK_BOT_TOKEN": "xoxb-1", "SLACK_APP_TOKEN": "xapp-1", "OPENAI_API_KEY": "sk-1"}
EXAMPLE = Path(__file__).parents[2] / ".env.example"


def faults(environ: dict[str, str]) -> list[str]:
    """Return what `environ` is refused for, nothing where it is taken."""
    try:
        Settings.load(environ)
    except SettingsError as error:
        return error.faults
    return []


def test_tokens_and_a_key_are_enough() -> None:
    """With the three values that cannot be guessed, everything else has a default."""
    settings = Settings.load(ENOUGH)
    assert settings.slack_bot_token == "xoxb-1"
    assert settings.openai_base_url == "https://api.openai.com/v1"
    assert settings.follow_ups
    assert settings.streaming


def test_an_empty_value_is_an_absent_one() -> None:
    """A line of .env that was left empty changes nothing."""
    assert Settings.load({**ENOUGH, "CONFAB_MAX_TOKENS": " ", "PORT": ""}) == Settings.load(ENOUGH)


def test_every_fault_is_told_at_once() -> None:
    """Nobody has to start the bot five times to learn of five mistakes."""
    told = faults({"SLACK_APP_TOKEN": "xoxb-1", "CONFAB_MAX_TOKENS": "many", "CONFAB_TEMPRATURE": "1"})
    assert len(told) == 5
    for word in ("SLACK_BOT_TOKEN", "SLACK_APP_TOKEN", "OPENAI_API_KEY", "CONFAB_MAX_TOKENS", "CONFAB_TEMPERATURE"):
        assert any(word in fault for fault in told)


def test_a_missing_token_is_told_with_where_to_get_it() -> None:
    """The sentence names the page that shows the token."""
    told = faults({"SLACK_APP_TOKEN": "xapp-1", "OPENAI_API_KEY": "sk-1"})
    assert told == [fault for fault in told if "api.slack.com/apps" in fault and "OAuth & Permissions" in fault]


def test_a_signing_secret_serves_in_place_of_an_app_token() -> None:
    """HTTP events need no app token."""
    settings = Settings.load({"SLACK_BOT_TOKEN": "xoxb-1", "SLACK_SIGNING_SECRET": "s", "OPENAI_API_KEY": "k"})
    assert settings.slack_app_token is None


def test_a_local_endpoint_needs_no_key() -> None:
    """Ollama and its like have none."""
    environ = {**ENOUGH, "OPENAI_API_KEY": "", "OPENAI_BASE_URL": "http://127.0.0.1:11434/v1"}
    assert Settings.load(environ).openai_api_key is None


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("OPENAI_BASE_URL", "127.0.0.1:11434"),
        ("CONFAB_DATABASE", "postgresql://db/confab"),
        ("CONFAB_LOGIT_BIAS", "{1: 2}"),
        ("CONFAB_CHANNELS", '{"C1": {"folow_ups": true}}'),
        ("PORT", "70000"),
        ("CONFAB_GRACE", "-1"),
    ],
)
def test_a_value_that_cannot_be_used_is_refused_by_its_name(name: str, value: str) -> None:
    """The fault names the setting, so that it is found."""
    told = faults({**ENOUGH, name: value})
    assert len(told) == 1
    assert told[0].startswith(name)


def test_a_channel_may_differ() -> None:
    """What a channel leaves out stays as the operator set it."""
    settings = Settings.load({**ENOUGH, "CONFAB_CHANNELS": '{"C1": {"follow_ups": false}}'})
    assert settings.channels == {"C1": ChannelSettings(follow_ups=False)}


@given(st.dictionaries(st.sampled_from([*Settings.names(), "CONFAB_X", "HOME"]), st.text(max_size=30)))
def test_whatever_the_environment_says_it_is_read_or_refused_with_sentences(environ: dict[str, str]) -> None:
    """No value leads to anything but settings or a list of faults, and no fault repeats a token."""
    assert all(fault.endswith((".", ")")) for fault in faults(environ))


def test_a_fault_does_not_repeat_the_value() -> None:
    """A token pasted into the wrong place must not end in a log."""
    told = faults({**ENOUGH, "SLACK_APP_TOKEN": "xoxp-secret", "PORT": "sk-secret"})
    assert "secret" not in "".join(told)


def test_the_example_lists_every_setting_with_its_comment_and_default() -> None:
    """`.env.example` is what the settings say, line by line, so that it cannot rot."""
    assert EXAMPLE.read_text(encoding="utf-8") == Settings.example()


def test_the_models_key_goes_to_no_other_transcriber() -> None:
    """Only where no other address is set, or the same, is it sent along."""
    other = "https://speech.example/v1"
    further = '[{"model": "b"}, {"model": "c", "base_url": "https://c.example/v1", "api_key": "sk-c"}]'
    settings = Settings.load({**ENOUGH, "CONFAB_TRANSCRIBE_BASE_URL": other, "CONFAB_TRANSCRIBERS": further})
    assert [(each.base_url, each.api_key) for each in transcribers(settings)] == [
        (other, ""),
        ("https://api.openai.com/v1", "sk-1"),
        ("https://c.example/v1", "sk-c"),
    ]


def test_the_model_s_own_endpoint_transcribes_unless_another_or_a_local_one_is_set() -> None:
    """Nothing has to be set for it."""
    assert [each.model for each in transcribers(Settings.load(ENOUGH))] == ["gpt-4o-mini-transcribe"]
    assert transcribers(Settings.load({**ENOUGH, "CONFAB_LOCAL_WHISPER": "small"}), has_local=True) == []
