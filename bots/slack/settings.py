"""What an operator can set about Slack."""

from collections.abc import Mapping
from typing import ClassVar

from pydantic import PositiveInt

from bots.platform_settings import PlatformSettings
from core.setting_fields import URL, Seconds, setting_field


class SlackSettings(PlatformSettings):
    """Tokens, Slack's address, and how to behave there; `ping` is the pause between two pings, in seconds.

    `parts` is how many messages an answer may take before it is ended.
    """

    title: ClassVar[str] = "Slack"
    tokens: ClassVar[tuple[str, ...]] = ("SLACK_BOT_TOKEN", "SLACK_APP_TOKEN", "SLACK_SIGNING_SECRET")
    first: ClassVar[tuple[str, ...]] = ("SLACK_BOT_TOKEN", "SLACK_APP_TOKEN")
    aliases: ClassVar[Mapping[str, str]] = {
        "SLACK_TOKEN": "SLACK_BOT_TOKEN",
        "SLACK_API_TOKEN": "SLACK_BOT_TOKEN",
        "SLACK_SECRET": "SLACK_SIGNING_SECRET",
        "BOT_TOKEN": "SLACK_BOT_TOKEN",
    }
    channel: ClassVar[tuple[str, str]] = (r"[A-Z][A-Z0-9]*", "C123")

    bot_token: str = setting_field(
        "SLACK_BOT_TOKEN",
        "Slack: the bot's token, xoxb-… (OAuth & Permissions)",
        "",
        begins="xoxb-",
        secret=True,
    )
    app_token: str = setting_field(
        "SLACK_APP_TOKEN", "Slack: the app's token, xapp-…, for Socket Mode", "", begins="xapp-", secret=True
    )
    signing_secret: str = setting_field(
        "SLACK_SIGNING_SECRET", "Slack: for HTTP events, without an app token", "", secret=True
    )
    api_url: str = setting_field("SLACK_API_URL", "Slack: where its Web API is", "https://slack.com/api/", begins=URL)
    dm_threads: bool = setting_field(
        "CONFAB_DM_THREADS", "Answer each direct message in a thread of its own", default=True
    )
    parts: PositiveInt = setting_field(
        "CONFAB_SLACK_PARTS", "Slack: messages that one answer may take before it is ended", 20
    )
    ping: Seconds = 5.0  # the client gives a socket up when no answer came for half as long

    @classmethod
    def find_missing(cls, given: Mapping[str, str]) -> list[str]:
        """Return a sentence for each token that is missing, with where to get it."""
        faults: list[str] = []
        if not given.get("SLACK_BOT_TOKEN"):
            faults.append(
                "SLACK_BOT_TOKEN is missing: api.slack.com/apps -> your app -> OAuth & Permissions -> Bot User OAuth "
                "Token."
            )
        if not given.get("SLACK_APP_TOKEN") and not given.get("SLACK_SIGNING_SECRET"):
            faults.append(
                "SLACK_APP_TOKEN is missing: api.slack.com/apps -> your app -> Basic Information -> App-Level Tokens, "
                "with the scope connections:write (or, to receive events over HTTP, SLACK_SIGNING_SECRET from the "
                "same page)."
            )
        return faults
