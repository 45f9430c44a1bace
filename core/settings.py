"""What an operator can set: names, types, defaults, and every fault in one message."""

import json
import re
from collections.abc import Mapping
from difflib import get_close_matches
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, Json, NonNegativeInt, PositiveInt, ValidationError
from pydantic.fields import FieldInfo

from core.errors import SettingsError
from core.moderation.settings import Listed, ModerationSettings, Seconds, Thresholds, misplaced, named

INSTRUCTIONS = (
    "You are Confab, a helpful colleague in a team's chat. Answer briefly and plainly, in the language of the "
    "question, and say so when you do not know."
)
OPENAI = "https://api.openai.com/v1"
SLACK = "https://slack.com/api/"
DISCORD = "https://discord.com/api/v10"
HEAD = """\
# Confab's settings. Copy this file to .env and fill in what you need; an empty value is an absent one.
# Lines that begin with `# NAME=` show a default: remove the `#` to change it.
"""
TOKENS_OF_SLACK = ("SLACK_BOT_TOKEN", "SLACK_APP_TOKEN", "SLACK_SIGNING_SECRET")
BEGINNINGS = {
    "SLACK_BOT_TOKEN": "xoxb-",
    "SLACK_APP_TOKEN": "xapp-",
    "SLACK_API_URL": "https?://",
    "DISCORD_API_URL": "https?://",
    "OPENAI_BASE_URL": "https?://",
    "CONFAB_TRANSCRIBE_BASE_URL": "https?://",
    "CONFAB_MODERATION_URL": "https?://",
}


Share = Annotated[float, Field(ge=-2, le=2)]


class ChannelSettings(BaseModel):
    """What one channel does differently; None leaves the operator's default."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    follow_ups: bool | None = None
    streaming: bool | None = None
    merge: bool | None = None
    threads: bool | None = None
    voice_notes: bool | None = None
    translate: bool | None = None
    thresholds: Thresholds | None = None


class TranscriberSettings(BaseModel):
    """A further transcriber; without a base URL it is the model's endpoint, with its key."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    model: str
    base_url: str = ""
    api_key: str = ""


class Settings(ModerationSettings):
    """Everything that the environment can say. An empty value is an absent one."""

    model_config = ConfigDict(frozen=True, extra="ignore", hide_input_in_errors=True)

    slack_bot_token: str | None = named("SLACK_BOT_TOKEN", "Slack: the bot's token, xoxb-… (OAuth & Permissions)")
    slack_app_token: str | None = named("SLACK_APP_TOKEN", "Slack: the app's token, xapp-…, for Socket Mode")
    slack_signing_secret: str | None = named("SLACK_SIGNING_SECRET", "Slack: for HTTP events, without an app token")
    slack_api_url: str = named("SLACK_API_URL", "Slack: where its Web API is", SLACK)

    discord_token: str | None = named("DISCORD_TOKEN", "Discord: the bot's token (discord.com/developers, Bot)")
    discord_api_url: str = named("DISCORD_API_URL", "Discord: where its API is, with the version", DISCORD)

    openai_api_key: str | None = named("OPENAI_API_KEY", "The model's key; a local server needs none")
    openai_base_url: str = named("OPENAI_BASE_URL", "Any OpenAI-compatible API, as a rule ending in /v1", OPENAI)
    openai_model: str = named("OPENAI_MODEL", "The model's name there", "gpt-5-mini")

    database: str = named(
        "CONFAB_DATABASE", "The one file that holds everything: a path or sqlite:/// URL", "confab.db"
    )
    instructions: str = named("CONFAB_INSTRUCTIONS", "What the model is told before every conversation", INSTRUCTIONS)
    max_tokens: PositiveInt | None = named("CONFAB_MAX_TOKENS", "The longest answer, in tokens")
    temperature: Annotated[float, Field(ge=0, le=2)] | None = named("CONFAB_TEMPERATURE", "0 (sober) to 2 (wild)")
    top_p: Annotated[float, Field(gt=0, le=1)] | None = named("CONFAB_TOP_P", "Nucleus sampling, 0 to 1")
    presence_penalty: Share | None = named("CONFAB_PRESENCE_PENALTY", "-2 to 2: away from what was spoken of")
    frequency_penalty: Share | None = named("CONFAB_FREQUENCY_PENALTY", "-2 to 2: away from repeating words")
    stop: Json[tuple[str, ...]] | None = named("CONFAB_STOP", 'Where the answer stops, as JSON: ["END"]')
    seed: int | None = named("CONFAB_SEED", "Asks for the same answer to the same prompt")
    logit_bias: Json[dict[str, float]] | None = named(
        "CONFAB_LOGIT_BIAS", 'Token ids and weights, as JSON: {"50256": -100}'
    )
    n: PositiveInt | None = named("CONFAB_N", "Answers asked for; a further one serves where the first is empty")
    reasoning_effort: str | None = named("CONFAB_REASONING_EFFORT", "For reasoning models: low, medium, high …")
    user_salt: str | None = named("CONFAB_USER_SALT", "Sends each person's id, hashed with this, for abuse reports")
    opening: str | None = named("CONFAB_OPENING", "The words with which every answer begins")
    extra_body: Json[dict[str, Any]] | None = named("CONFAB_EXTRA_BODY", "Further fields of the request, as JSON")
    connect_timeout: Seconds = named("CONFAB_CONNECT_TIMEOUT", "Seconds to reach the model", 5.0)
    first_token_timeout: Seconds = named(
        "CONFAB_FIRST_TOKEN_TIMEOUT", "Seconds to its first token, retries included", 36.0
    )
    silence_timeout: Seconds = named("CONFAB_SILENCE_TIMEOUT", "Seconds of silence in mid-answer", 20.0)
    retry_deadline: Seconds = named("CONFAB_RETRY_DEADLINE", "Seconds of trying again while it refuses", 16.0)
    answer_timeout: Seconds = named("CONFAB_ANSWER_TIMEOUT", "Seconds that one answer may take in all", 900.0)
    answer_characters: PositiveInt = named(
        "CONFAB_ANSWER_CHARACTERS", "Characters that one answer may have, the model's thoughts included", 400_000
    )
    context_window: PositiveInt | None = named(
        "CONFAB_CONTEXT_WINDOW", "The model's window in tokens; empty: asked of the endpoint, or learnt from its errors"
    )
    history_tokens: PositiveInt = named("CONFAB_HISTORY_TOKENS", "How much of a conversation the model reads", 16_000)
    history_messages: PositiveInt = named("CONFAB_HISTORY_MESSAGES", "The same, counted in messages", 100)

    follow_ups: bool = named(
        "CONFAB_FOLLOW_UPS", "Answer in a thread the bot is in without a new mention", default=True
    )
    streaming: bool = named("CONFAB_STREAMING", "Let the answer grow in the channel as it is made", default=True)
    merge: bool = named("CONFAB_MERGE", "Answer together what one person writes while an answer is made", default=False)
    edit_interval: Seconds = named("CONFAB_EDIT_INTERVAL", "Seconds between two edits of one answer, at the least", 1.5)
    dm_threads: bool = named("CONFAB_DM_THREADS", "Answer each direct message in a thread of its own", default=True)
    discord_threads: bool = named(
        "CONFAB_DISCORD_THREADS", "Discord: answer a mention in a thread of its own, else under it", default=True
    )
    discord_message_content: Literal["auto", "on", "off"] = named(
        "CONFAB_DISCORD_MESSAGE_CONTENT", "Discord: ask to read what does not mention the bot: auto, on, off", "auto"
    )
    discord_roles: bool = named(
        "CONFAB_DISCORD_ROLES", "Discord: a mention of a role that the bot has is for it", default=False
    )
    discord_parts: PositiveInt = named(
        "CONFAB_DISCORD_PARTS", "Discord: messages that one answer may take before the rest is a file", 8
    )
    channels: Json[dict[str, ChannelSettings]] = named(
        "CONFAB_CHANNELS", 'What channels do differently, as JSON: {"C123": {"follow_ups": false}}', {}
    )
    transcribe_base_url: str | None = named(
        "CONFAB_TRANSCRIBE_BASE_URL", "Where voice notes are transcribed; empty: at OPENAI_BASE_URL, with its key"
    )
    transcribe_api_key: str | None = named("CONFAB_TRANSCRIBE_API_KEY", "The key for that address, if it needs one")
    transcribe_model: str = named(
        "CONFAB_TRANSCRIBE_MODEL", "The transcriber's name there, as whisper-1", "gpt-4o-mini-transcribe"
    )
    transcribers: Json[tuple[TranscriberSettings, ...]] = named(
        "CONFAB_TRANSCRIBERS",
        'Asked in order when the first one is down, as JSON: [{"model": "…", "base_url": "…", "api_key": "…"}]',
        (),
    )
    transcribe_timeout: Seconds = named("CONFAB_TRANSCRIBE_TIMEOUT", "Seconds for one transcript, with retries", 120.0)
    local_whisper: str | None = named(
        "CONFAB_LOCAL_WHISPER", "A model of faster-whisper to transcribe with in this process: a name or a folder"
    )
    voice_language: str | None = named("CONFAB_VOICE_LANGUAGE", "The language that is spoken, as a hint: en, de, pt")
    voice_prompt: str | None = named("CONFAB_VOICE_PROMPT", "Names and words that are likely to be spoken, as a hint")
    voice_translate: bool = named(
        "CONFAB_VOICE_TRANSLATE",
        "Put recordings into English, by /audio/translations",
        default=False,
    )
    voice_minutes: Annotated[float, Field(gt=0, le=600)] = named(
        "CONFAB_VOICE_MINUTES", "The longest recording that is listened to", 90.0
    )
    voice_megabytes: PositiveInt = named("CONFAB_VOICE_MEGABYTES", "The largest recording that is fetched", 200)
    transcript_days: Annotated[float, Field(gt=0, le=3650)] = named(
        "CONFAB_TRANSCRIPT_DAYS", "For how long a transcript is kept, so that it is not paid again", 30.0
    )
    file_hosts: Listed = named("CONFAB_FILE_HOSTS", "Further hosts or base URLs that files may come from", ())

    port: Annotated[NonNegativeInt, Field(le=65535)] | None = named(
        "PORT", "Where health and Slack's HTTP events are served; 0 means any port"
    )
    host: str = named("CONFAB_HOST", "The address that PORT is opened on", "0.0.0.0")  # noqa: S104 - a container's port
    concurrency: PositiveInt = named("CONFAB_CONCURRENCY", "How many answers are made at once", 64)
    attempts: PositiveInt = named("CONFAB_ATTEMPTS", "How often a turn is tried before it is given up", 3)
    queue: PositiveInt = named("CONFAB_QUEUE", "How many questions may wait in one conversation", 50)
    grace: Annotated[float, Field(ge=0, le=600)] = named("CONFAB_GRACE", "Seconds to finish answers when stopped", 20.0)
    log_level: Literal["debug", "info", "warning", "error"] = named(
        "CONFAB_LOG_LEVEL", "debug, info, warning, error", "info"
    )
    log_format: Literal["text", "json"] = named("CONFAB_LOG_FORMAT", "text for people, json for machines", "text")
    sandbox_port: Annotated[NonNegativeInt, Field(le=65535)] = named(
        "CONFAB_SANDBOX_PORT", "Where `make run` shows its pretend workspace; 0 means any port", 8090
    )

    @classmethod
    def load(cls, environ: Mapping[str, str]) -> Self:
        """Read the settings from names and values; raise SettingsError with every fault, one line each."""
        given = {name: value.strip() for name, value in environ.items() if value.strip()}
        faults = [*_unknown(given, cls.names()), *_missing(given), *_misplaced(given), *misplaced(given)]
        try:
            settings = cls.model_validate(given)
        except ValidationError as error:
            faults += [f"{fault['loc'][0]}: {fault['msg']}." for fault in error.errors()]
        if faults:
            raise SettingsError(faults)
        return settings

    @classmethod
    def names(cls) -> list[str]:
        """Return every setting's name in the environment, in the order of `.env.example`."""
        return [str(field.validation_alias) for field in cls._in_order()]

    @classmethod
    def example(cls) -> str:
        """Return the text of `.env.example`: a comment for each setting, and its default where it has one."""
        return "\n".join([HEAD, *(_line(field) for field in cls._in_order())])

    @classmethod
    def _in_order(cls) -> list[FieldInfo]:
        """Return the fields with those of moderation last."""
        apart = ModerationSettings.model_fields
        own = [field for name, field in cls.model_fields.items() if name not in apart]
        return own + [cls.model_fields[name] for name in apart]


def _line(field: FieldInfo) -> str:
    name, default = field.validation_alias, field.default
    if default is None:
        return f"# {field.description}.\n{name}=\n"
    default = ", ".join(default) if isinstance(default, tuple) else default
    value = json.dumps(default) if isinstance(default, bool | dict) else default or ""
    return f"# {field.description}.\n# {name}={value}\n"


def _unknown(given: Mapping[str, str], names: list[str]) -> list[str]:
    """Name each CONFAB_ setting that does not exist: a typing error would otherwise be silent."""
    strangers = [name for name in given if name.startswith("CONFAB_") and name not in names]
    return [f"{name} is no setting{_nearest(name, names)}." for name in strangers]


def _nearest(name: str, names: list[str]) -> str:
    near = get_close_matches(name, names, n=1)
    return f"; {near[0]} is" if near else ""


def _missing(given: Mapping[str, str]) -> list[str]:
    """Say what is missing and where to get it. A platform is wanted where one of its tokens is there."""
    faults: list[str] = []
    if any(given.get(name) for name in TOKENS_OF_SLACK) or not given.get("DISCORD_TOKEN"):
        faults += _missing_of_slack(given)
    if not given.get("OPENAI_API_KEY") and given.get("OPENAI_BASE_URL", OPENAI).startswith("https://api.openai.com"):
        faults.append(
            "OPENAI_API_KEY is missing: platform.openai.com -> API keys "
            "(or set OPENAI_BASE_URL to a local server that needs no key, such as http://127.0.0.1:11434/v1)."
        )
    return faults


def _missing_of_slack(given: Mapping[str, str]) -> list[str]:
    faults: list[str] = []
    if not given.get("SLACK_BOT_TOKEN"):
        faults.append(
            "SLACK_BOT_TOKEN is missing: api.slack.com/apps -> your app -> OAuth & Permissions -> Bot User OAuth Token "
            "(or, for Discord, DISCORD_TOKEN: discord.com/developers/applications -> your application -> Bot)."
        )
    if not given.get("SLACK_APP_TOKEN") and not given.get("SLACK_SIGNING_SECRET"):
        faults.append(
            "SLACK_APP_TOKEN is missing: api.slack.com/apps -> your app -> Basic Information -> App-Level Tokens, with "
            "the scope connections:write (or, to receive events over HTTP, SLACK_SIGNING_SECRET from the same page)."
        )
    return faults


def _misplaced(given: Mapping[str, str]) -> list[str]:
    """Recognise a token or an address in the wrong place by its beginning."""
    faults: list[str] = []
    for name, beginning in BEGINNINGS.items():
        if name in given and not re.match(beginning, given[name]):
            faults += [f"{name} begins with {beginning}; something else stands there."]
    if "://" in (url := given.get("CONFAB_DATABASE", "")) and not url.startswith("sqlite:///"):
        faults.append("CONFAB_DATABASE is a path or sqlite:///path; other databases are not supported yet.")
    return faults
