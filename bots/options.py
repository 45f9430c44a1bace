"""What the settings say, as the plain values that the parts of core take; a platform's own stand with it."""

import json
from dataclasses import fields, replace
from pathlib import Path

from core.llm.client import ModelOptions
from core.policy import Policies, Policy
from core.prompt.history import Instructions
from core.settings import ChannelSettings, Settings
from core.worker import WorkLimits

SCHEMAS = {"tools", "functions", "response_format"}  # of CONFAB_EXTRA_BODY, what takes room (OpenAI API reference)


def database_path(setting: str) -> Path:
    """Return where the database is."""
    return Path(setting.removeprefix("sqlite:///")).expanduser()


def model_options(settings: Settings) -> ModelOptions:
    """Return what the model's client needs, as plain values."""
    return ModelOptions(
        base_url=settings.openai_base_url,
        api_key=settings.openai_api_key or "",
        model=settings.openai_model,
        max_tokens=settings.max_tokens,
        temperature=settings.temperature,
        top_p=settings.top_p,
        presence_penalty=settings.presence_penalty,
        frequency_penalty=settings.frequency_penalty,
        stop=settings.stop or (),
        seed=settings.seed,
        logit_bias=settings.logit_bias,
        n=settings.n,
        reasoning_effort=settings.reasoning_effort,
        user_salt=settings.user_salt or "",
        opening=settings.opening or "",
        extra_body=settings.extra_body or {},
        connect_timeout=settings.connect_timeout,
        first_token_timeout=settings.first_token_timeout,
        silence_timeout=settings.silence_timeout,
        retry_deadline=settings.retry_deadline,
        answer_timeout=settings.answer_timeout,
        answer_characters=settings.answer_characters,
        max_connections=settings.concurrency,
    )


def work_limits(settings: Settings) -> WorkLimits:
    """Return how much is done at once, and how often."""
    return WorkLimits(settings.concurrency, settings.attempts)


def instructions(settings: Settings) -> Instructions:
    """Return what every prompt begins with, and its bounds."""
    extra = {name: value for name, value in (settings.extra_body or {}).items() if name in SCHEMAS}
    schemas = json.dumps(extra) if extra else ""
    return Instructions(settings.instructions, settings.history_tokens, settings.history_messages, schemas)


def policies_of(settings: Settings) -> Policies:
    """Return the operator's defaults, and the channels that differ."""
    default = Policy(settings.follow_ups, settings.streaming, settings.merge, translate=settings.voice_translate)
    return Policies(default, {name: _differing(default, channel) for name, channel in settings.channels.items()})


def _differing(default: Policy, channel: ChannelSettings) -> Policy:
    given = channel.model_dump(include={field.name for field in fields(Policy)}, exclude_none=True)
    return replace(default, **given)
