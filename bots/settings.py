"""Joins core's sections of settings with each platform's and with those of the process."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, ClassVar, Literal

from pydantic import Field, NonNegativeInt

from bots.discord.settings import DiscordSettings
from bots.platform_settings import PlatformSettings
from bots.slack.settings import SlackSettings
from core.setting_fields import Section, setting_field
from core.settings import CoreSettings, example_of

FIRST = (
    "SLACK_BOT_TOKEN",
    "SLACK_APP_TOKEN",
    "DISCORD_TOKEN",
    "OPENAI_API_KEY",
    "OPENAI_BASE_URL",
    "OPENAI_MODEL",
    "CONFAB_INSTRUCTIONS",
    "CONFAB_DATABASE",
)
Port = Annotated[NonNegativeInt, Field(le=65535)]


class ProcessSettings(Section):
    """How the process serves, logs and stops; `grace` is in seconds."""

    title: ClassVar[str] = "The process"

    port: Port | None = setting_field("PORT", "Where health and Slack's HTTP events are served; 0 means any port")
    host: str = setting_field(
        "CONFAB_HOST",
        "The address that PORT is opened on",
        "0.0.0.0",  # noqa: S104 - a container's port
    )
    grace: Annotated[float, Field(ge=0, le=600)] = setting_field(
        "CONFAB_GRACE", "Seconds to finish answers when stopped", 20.0
    )
    check_at_start: bool = setting_field(
        "CONFAB_CHECK_AT_START", "Look at the start whether all is well, as `python -m bots doctor` does", default=True
    )
    log_level: Literal["debug", "info", "warning", "error"] = setting_field(
        "CONFAB_LOG_LEVEL", "debug, info, warning, error", "info"
    )
    log_format: Literal["text", "json"] = setting_field(
        "CONFAB_LOG_FORMAT", "text for people, json for machines", "text"
    )
    sandbox_port: Port = setting_field(
        "CONFAB_SANDBOX_PORT", "Where `make run` shows its pretend workspace; 0 means any port", 8090
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings(CoreSettings):
    """Everything that the environment can say, section by section."""

    slack: SlackSettings
    discord: DiscordSettings
    process: ProcessSettings

    @classmethod
    def find_faults(cls, given: Mapping[str, str]) -> list[str]:
        """Return the faults; a platform is wanted where one of its tokens is there, and one is wanted in any case."""
        platforms = [section for section in cls.sections().values() if issubclass(section, PlatformSettings)]
        wanted = [section for section in platforms if section.is_wanted(given)] or platforms[:1]
        missing = [fault for section in wanted for fault in section.find_missing(given)]
        return missing + [fault for section in cls.sections().values() for fault in section.find_faults(given)]

    @classmethod
    def example(cls) -> str:
        """Return the text of `.env.example`, the settings that matter first at its head."""
        return example_of(cls.sections().values(), FIRST)
