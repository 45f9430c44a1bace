"""What an operator can set about Slack."""

from collections.abc import Mapping
from typing import ClassVar

from pydantic import PositiveInt

from bots.platform_settings import PlatformSettings
from core.setting_fields import URL, Seconds, setting_field

PAGE = "api.slack.com/apps -> your app"


class SlackSettings(PlatformSettings):
    """Tokens, Slack's address, and how to behave there; `ping` is the pause between two pings, in seconds.

    `parts` is how many messages an answer may take before it is ended.
    """

    title: ClassVar[str] = "Slack"
    needs: ClassVar[Mapping[tuple[str, ...], str]] = {
        ("SLACK_BOT_TOKEN",): f"{PAGE} -> OAuth & Permissions -> Bot User OAuth Token.",
        ("SLACK_APP_TOKEN", "SLACK_SIGNING_SECRET"): (
            f"{PAGE} -> Basic Information -> App-Level Tokens, with the scope connections:write (or, to receive events "
            "over HTTP, SLACK_SIGNING_SECRET from the same page)."
        ),
    }
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
    request_url: str = setting_field(
        "SLACK_REQUEST_URL",
        "Slack: the Request URL that you gave it for HTTP events; `doctor` tries it",
        "",
        begins=URL,
    )
    api_url: str = setting_field("SLACK_API_URL", "Slack: where its Web API is", "https://slack.com/api/", begins=URL)
    dm_threads: bool = setting_field(
        "CONFAB_DM_THREADS", "Answer each direct message in a thread of its own", default=True
    )
    parts: PositiveInt = setting_field(
        "CONFAB_SLACK_PARTS", "Slack: messages that one answer may take before it is ended", 20
    )
    ping: Seconds = 5.0  # the client gives a socket up when no answer came for half as long
