"""Makes Confab's app in Slack, for who has a configuration token (Slack docs, apps.manifest.create)."""

import json
from collections.abc import Mapping
from pathlib import Path

import aiohttp
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from bots.bounded_response import open_bounded_session
from bots.slack.settings import SlackSettings

MANIFEST = Path(__file__).parents[2] / "deploy" / "slack-manifest.json"
PATIENCE = 15.0  # seconds
MADE = """\
The app is made: {app}. Two things are left to do, which Slack lets nobody do for you:
  1. Install it: https://api.slack.com/apps/{app}/install-on-team
  2. Copy the Bot User OAuth Token, xoxb-…, from https://api.slack.com/apps/{app}/oauth"""
REASONS: Mapping[str, str] = {
    "token_expired": "this token has expired: they live for twelve hours; generate another on api.slack.com/apps",
    "invalid_auth": "Slack does not know this token: copy it once more from api.slack.com/apps",
    "not_allowed_token_type": "it has to be the token under Your App Configuration Tokens",
    "ratelimited": "Slack makes no more apps just now; try again in a minute",
}
BY_HAND = "Slack did not make the app: {reason}. The address above does the same by hand."


async def create_app(token: str, given: Mapping[str, str]) -> str:
    """Make the app; return what to tell the person, who has to install it, or why it was not made."""
    settings = SlackSettings.model_validate(given)
    async with open_bounded_session(PATIENCE) as session:
        client = AsyncWebClient(token, base_url=settings.api_url, session=session, retry_handlers=[])
        try:
            made = await client.apps_manifest_create(manifest=json.loads(MANIFEST.read_text(encoding="utf-8")))
        except SlackApiError as error:
            code = str(error.response.get("error", ""))
            return BY_HAND.format(reason=REASONS.get(code, code or "it said nothing"))
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            return BY_HAND.format(reason=f"it cannot be reached ({type(error).__name__})")
    return MADE.format(app=made["app_id"])
