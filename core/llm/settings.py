"""What an operator can set about the model, and about who transcribes."""

import json
from collections.abc import Mapping
from typing import Annotated, Any, ClassVar, Self
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, PositiveInt

from core.setting_fields import AS_JSON, URL, Seconds, Section, setting_field

OPENAI = "https://api.openai.com/v1"
SCHEMAS = {"tools", "functions", "response_format"}  # of CONFAB_EXTRA_BODY, what takes room (OpenAI API reference)

# Of CONFAB_EXTRA_BODY, what says of which form answers to people are.
OF_ANSWERS = SCHEMAS | {"max_tokens", "max_completion_tokens", "stop", "n", "tool_choice"}

Penalty = Annotated[float, Field(ge=-2, le=2)]


class EndpointSettings(Section):
    """How patiently an endpoint is asked; in seconds."""

    connect_timeout: Seconds = setting_field("CONFAB_CONNECT_TIMEOUT", "Seconds to reach the model", 5.0)
    retry_deadline: Seconds = setting_field("CONFAB_RETRY_DEADLINE", "Seconds of trying again while it refuses", 16.0)


class ModelSettings(EndpointSettings):
    """An endpoint, a model, and every parameter of a request; None leaves a parameter out of it.

    `opening` is text that the answer begins with. `user_salt` makes the endpoint be sent a hash of who asks, for
    its abuse reports. `extra_body` is merged into the body last. All times are in seconds: `first_token_timeout`
    runs from the beginning of the call, retries included, and `retry_deadline` is when the last retry may begin.
    An answer ends after `answer_timeout`, and after `answer_characters`, thoughts included.
    """

    title: ClassVar[str] = "The model"

    api_key: str = setting_field("OPENAI_API_KEY", "The model's key; a local server needs none", "", secret=True)
    base_url: str = setting_field(
        "OPENAI_BASE_URL", "Any OpenAI-compatible API, as a rule ending in /v1", OPENAI, begins=URL
    )
    model: str = setting_field("OPENAI_MODEL", "The model's name there", "gpt-5-mini")
    local_model: str = setting_field(
        "CONFAB_LOCAL_MODEL", "A model's file (GGUF), which Confab serves on this machine itself, by xllamacpp", ""
    )
    max_tokens: PositiveInt | None = setting_field("CONFAB_MAX_TOKENS", "The longest answer, in tokens")
    temperature: Annotated[float, Field(ge=0, le=2)] | None = setting_field(
        "CONFAB_TEMPERATURE", "0 (sober) to 2 (wild)"
    )
    top_p: Annotated[float, Field(gt=0, le=1)] | None = setting_field("CONFAB_TOP_P", "Nucleus sampling, 0 to 1")
    presence_penalty: Penalty | None = setting_field("CONFAB_PRESENCE_PENALTY", "-2 to 2: away from what was spoken of")
    frequency_penalty: Penalty | None = setting_field("CONFAB_FREQUENCY_PENALTY", "-2 to 2: away from repeating words")
    stop: Annotated[tuple[str, ...], AS_JSON] = setting_field(
        "CONFAB_STOP", 'Where the answer stops, as JSON: ["END"]', ()
    )
    seed: int | None = setting_field("CONFAB_SEED", "Asks for the same answer to the same prompt")
    logit_bias: Annotated[Mapping[str, float] | None, AS_JSON] = setting_field(
        "CONFAB_LOGIT_BIAS", 'Token ids and weights, as JSON: {"50256": -100}'
    )
    n: PositiveInt | None = setting_field(
        "CONFAB_N", "Answers asked for; a further one serves where the first is empty"
    )
    reasoning_effort: str | None = setting_field("CONFAB_REASONING_EFFORT", "For reasoning models: low, medium, high …")
    user_salt: str = setting_field(
        "CONFAB_USER_SALT", "Sends each person's id, hashed with this, for abuse reports", "", secret=True
    )
    opening: str = setting_field("CONFAB_OPENING", "The words with which every answer begins", "")
    extra_body: Annotated[Mapping[str, Any], AS_JSON] = setting_field(
        "CONFAB_EXTRA_BODY", "Further fields of the request, as JSON", {}
    )
    first_token_timeout: Seconds = setting_field(
        "CONFAB_FIRST_TOKEN_TIMEOUT", "Seconds to its first token, retries included", 36.0
    )
    silence_timeout: Seconds = setting_field("CONFAB_SILENCE_TIMEOUT", "Seconds of silence in mid-answer", 20.0)
    answer_timeout: Seconds = setting_field("CONFAB_ANSWER_TIMEOUT", "Seconds that one answer may take in all", 900.0)
    answer_characters: PositiveInt = setting_field(
        "CONFAB_ANSWER_CHARACTERS", "Characters that one answer may have, the model's thoughts included", 400_000
    )
    max_connections: PositiveInt = 64

    @property
    def host(self) -> str:
        """The endpoint's host and port, without what may stand before them."""
        return urlsplit(self.base_url).netloc.rpartition("@")[2]

    @property
    def schemas(self) -> str:
        """What every request holds beside its messages and takes room as they do, as JSON; empty for nothing."""
        extra = {name: value for name, value in self.extra_body.items() if name in SCHEMAS}
        return json.dumps(extra) if extra else ""

    def for_background_calls(self) -> Self:
        """Return what the bot asks the model with for itself: without the parameters that are for answers to people.

        A summary that CONFAB_MAX_TOKENS cuts, or a judgement behind an opening, would never be whole.
        """
        extra = {name: value for name, value in self.extra_body.items() if name not in OF_ANSWERS}
        plain = {"max_tokens": None, "stop": (), "n": None, "opening": "", "logit_bias": None, "extra_body": extra}
        return self.model_copy(update={**plain, "presence_penalty": None, "frequency_penalty": None})

    @classmethod
    def find_faults(cls, given: Mapping[str, str]) -> list[str]:
        """Return the faults; a key is wanted where OpenAI itself is asked."""
        faults = super().find_faults(given)
        if given.get("CONFAB_LOCAL_MODEL"):
            both = "CONFAB_LOCAL_MODEL and OPENAI_BASE_URL are both set: leave one of them empty."
            return [*faults, both] if given.get("OPENAI_BASE_URL") else faults
        if not given.get("OPENAI_API_KEY") and given.get("OPENAI_BASE_URL", OPENAI).startswith(
            "https://api.openai.com"
        ):
            faults.append(
                "OPENAI_API_KEY is missing: platform.openai.com -> API keys "
                "(or set OPENAI_BASE_URL to a local server that needs no key, such as http://127.0.0.1:11434/v1)."
            )
        return faults


class TranscriberSettings(BaseModel):
    """A transcriber; without a base URL it is the model's endpoint, with its key."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    model: str
    base_url: str = ""
    api_key: str = Field(default="", repr=False)


class TranscriptionSettings(EndpointSettings):
    """Who is asked what a recording says, and with which hints; `timeout` is in seconds from the call's beginning.

    `language` is an ISO 639-1 code, `prompt` holds words that are likely to be said (OpenAI API reference, audio).
    """

    title: ClassVar[str] = "Voice notes: who transcribes them"

    base_url: str = setting_field(
        "CONFAB_TRANSCRIBE_BASE_URL",
        "Where voice notes are transcribed; empty: at OPENAI_BASE_URL, with its key",
        "",
        begins=URL,
    )
    api_key: str = setting_field(
        "CONFAB_TRANSCRIBE_API_KEY", "The key for that address, if it needs one", "", secret=True
    )
    model: str = setting_field(
        "CONFAB_TRANSCRIBE_MODEL", "The transcriber's name there, as whisper-1", "gpt-4o-mini-transcribe"
    )
    further: Annotated[tuple[TranscriberSettings, ...], AS_JSON] = setting_field(
        "CONFAB_TRANSCRIBERS",
        'Asked in order when the first one is down, as JSON: [{"model": "…", "base_url": "…", "api_key": "…"}]',
        (),
    )
    timeout: Seconds = setting_field("CONFAB_TRANSCRIBE_TIMEOUT", "Seconds for one transcript, with retries", 120.0)
    local_whisper: str = setting_field(
        "CONFAB_LOCAL_WHISPER", "A model of faster-whisper to transcribe with on this machine: a name or a folder", ""
    )
    language: str = setting_field("CONFAB_VOICE_LANGUAGE", "The language that is spoken, as a hint: en, de, pt", "")
    prompt: str = setting_field("CONFAB_VOICE_PROMPT", "Names and words that are likely to be spoken, as a hint", "")
