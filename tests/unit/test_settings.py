"""What an operator sets is read once, and every fault is told at once."""

import json
import re
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bots.settings import FIRST, Settings
from bots.slack.settings import SlackSettings
from bots.voice import transcribers
from core.errors import SettingsError
from core.llm.settings import ModelSettings
from core.messages import ConversationKey
from core.policy import ChannelSettings, Policies

ENOUGH = {"SLACK_BOT_TOKEN": "xoxb-1", "SLACK_APP_TOKEN": "xapp-1", "OPENAI_API_KEY": "sk-1"}
EXAMPLE = Path(__file__).parents[2] / ".env.example"


def faults(environ: dict[str, str]) -> list[str]:
    """Return what `environ` is refused for, nothing where it is taken."""
    try:
        Settings.load(environ)
    except SettingsError as error:
        return error.faults
    return []


def slack_of(settings: Settings) -> SlackSettings:
    """Return what is set of Slack, where that alone is on."""
    (chosen,) = settings.platforms
    assert isinstance(chosen.settings, SlackSettings)
    return chosen.settings


def test_tokens_and_a_key_are_enough() -> None:
    """With the three values that cannot be guessed, everything else has a default."""
    settings = Settings.load(ENOUGH)
    assert slack_of(settings).bot_token == "xoxb-1"
    assert settings.model.base_url == "https://api.openai.com/v1"
    assert settings.conversations.follow_ups
    assert settings.conversations.streaming


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
    (told,) = faults({"SLACK_APP_TOKEN": "xapp-1", "OPENAI_API_KEY": "sk-1"})
    assert "api.slack.com/apps" in told
    assert "OAuth & Permissions" in told
    assert "Discord" not in told


def test_without_any_platform_all_of_them_are_told() -> None:
    """With where each token is to be had."""
    told = faults({"OPENAI_API_KEY": "sk-1"})
    assert told[0] == "No platform is set up; one is enough: Slack or Discord."
    assert [fault.partition(" ")[0] for fault in told[1:]] == ["SLACK_BOT_TOKEN", "SLACK_APP_TOKEN", "DISCORD_TOKEN"]


@pytest.mark.parametrize("name", ["CONFAB_MODERATORS", "CONFAB_CHANNELS"])
@pytest.mark.parametrize("place", ["slack:#general", "slak:C1", "discord:C1", "#general", "slack:", "general"])
def test_a_channel_that_no_platform_can_have_is_refused(name: str, place: str) -> None:
    """By its form: it would otherwise be passed over in silence."""
    value = json.dumps({place: {"merge": True}}) if name == "CONFAB_CHANNELS" else place
    assert faults({**ENOUGH, name: value}) == [f"{name}: a channel looks like slack:C123 or discord:123."]
    good = (
        json.dumps({name: {} for name in ("slack:C1", "C1", "12", "discord:7:12", "workspace:T1")})
        if name == "CONFAB_CHANNELS"
        else "slack:C1, discord:12"
    )
    assert faults({**ENOUGH, name: good}) == []


def test_a_signing_secret_serves_in_place_of_an_app_token() -> None:
    """HTTP events need no app token."""
    settings = Settings.load({"SLACK_BOT_TOKEN": "xoxb-1", "SLACK_SIGNING_SECRET": "s", "OPENAI_API_KEY": "k"})
    assert not slack_of(settings).app_token


def test_a_local_endpoint_needs_no_key() -> None:
    """Ollama and its like have none."""
    environ = {**ENOUGH, "OPENAI_API_KEY": "", "OPENAI_BASE_URL": "http://127.0.0.1:11434/v1"}
    assert not Settings.load(environ).model.api_key


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
    assert settings.conversations.channels == {"C1": ChannelSettings(follow_ups=False)}


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
    assert [(each.base_url, each.api_key) for each in transcribers(settings.transcription, settings.model)] == [
        (other, ""),
        ("https://api.openai.com/v1", "sk-1"),
        ("https://c.example/v1", "sk-c"),
    ]


def test_the_model_s_own_endpoint_transcribes_unless_another_or_a_local_one_is_set() -> None:
    """Nothing has to be set for it."""
    settings = Settings.load(ENOUGH)
    asked = transcribers(settings.transcription, settings.model)
    assert [(each.model, each.base_url) for each in asked] == [("gpt-4o-mini-transcribe", settings.model.base_url)]
    assert transcribers(settings.transcription, settings.model, has_local=True) == []


def test_a_section_is_made_of_its_fields_names_as_well() -> None:
    """A test, or one part for another, names no variable of the environment; neither is read from the other's."""
    assert Settings.load({**ENOUGH, "CONFAB_SEED": "7"}).model.seed == ModelSettings(seed=7).seed == 7
    assert Settings.load({**ENOUGH, "seed": "7", "max_connections": "1"}).model == ModelSettings(api_key="sk-1")


def test_a_setting_that_two_sections_read_has_one_fault_and_one_line() -> None:
    """It is one setting to the operator."""
    assert len(faults({**ENOUGH, "CONFAB_CONNECT_TIMEOUT": "soon", "CONFAB_EDIT_INTERVAL": "often"})) == 2
    assert Settings.example().count("CONFAB_CONNECT_TIMEOUT=") == 1
    settings = Settings.load({**ENOUGH, "CONFAB_CONNECT_TIMEOUT": "3"})
    assert settings.model.connect_timeout == settings.transcription.connect_timeout == 3.0


def test_a_token_is_not_printed_with_its_section() -> None:
    """What is logged by mistake holds no secret."""
    environ = {**ENOUGH, "SLACK_BOT_TOKEN": "xoxb-secret", "OPENAI_API_KEY": "secret", "CONFAB_USER_SALT": "secret"}
    assert "secret" not in repr(Settings.load({**environ, "CONFAB_MODERATION_KEY": "secret"}))


@given(st.fixed_dictionaries({}, optional={"follow_ups": st.booleans(), "history_tokens": st.integers(1, 99_999)}))
def test_what_a_channel_leaves_out_stays_as_it_is_for_all(own: dict[str, bool | int]) -> None:
    """Also where a channel says what the default would be, and the operator said otherwise."""
    environ = {"CONFAB_FOLLOW_UPS": "false", "CONFAB_HISTORY_TOKENS": "7", "CONFAB_CHANNELS": json.dumps({"C1": own})}
    conversations = Settings.load({**ENOUGH, **environ}).conversations
    policy = Policies(conversations, conversations.channels).policy_of(ConversationKey("slack", "T1", "C1", "1"))
    assert policy.follow_ups == own.get("follow_ups", False)
    assert policy.history_tokens == own.get("history_tokens", 7)


def test_a_channel_is_named_by_its_id_or_with_more_and_lies_over_its_workspace() -> None:
    """What a closer name says goes over what the others say; what none says is as it is for all."""
    own = {
        "discord:W:1": ChannelSettings(language="Dutch"),
        "1": ChannelSettings(merge=True, language="French"),
        "workspace:W": ChannelSettings(merge=False, threads=False, language="German", history_messages=7),
        "discord:1": ChannelSettings(threads=True, history_messages=8),
    }
    policies = Policies(ChannelSettings(history_tokens=99), own)
    keys = [
        ConversationKey(*parts, "9") for parts in (("slack", "W", "1"), ("discord", "W", "1"), ("discord", "W", "2"))
    ]
    found = [policies.policy_of(key) for key in (*keys, replace(keys[1], workspace="V"))]
    names = ("merge", "threads", "language", "history_messages", "history_tokens")
    assert [tuple(getattr(policy, name) for name in names) for policy in found] == [
        (True, False, "French", 7, 99),
        (True, True, "Dutch", 8, 99),
        (False, False, "German", 7, 99),
        (True, True, "French", 8, 99),
    ]


def test_a_channel_s_thresholds_go_over_those_for_all() -> None:
    """Category by category."""
    everywhere = ChannelSettings(thresholds={"violence": 0.8, "hate": 0.5})
    policies = Policies(everywhere, {"C1": ChannelSettings(thresholds={"hate": 0.1})})
    key = ConversationKey("slack", "T1", "C1", "1")
    assert policies.policy_of(key).thresholds == {"violence": 0.8, "hate": 0.1}


def test_the_example_begins_with_the_eight_settings_that_matter_first() -> None:
    """And every setting stands under a heading, once."""
    text = Settings.example()
    names = re.findall(r"^(?:# )?([A-Z_]+)=", text, re.MULTILINE)
    assert len(names) == len(set(names)) == len(Settings.names())
    assert names[:8] == ["SLACK_BOT_TOKEN", "SLACK_APP_TOKEN", "DISCORD_TOKEN", *FIRST]
    assert text.index("## What matters first") < text.index("SLACK_BOT_TOKEN=")
