"""How Slack is connected: which tokens are asked for, where they are found, and what of them is checked."""

from collections.abc import Mapping
from pathlib import Path
from urllib.parse import quote

from bots.doctor.check import Check, Surroundings
from bots.setup.answers import SLACK_APP, SLACK_BOT, SLACK_CONFIGURATION
from bots.setup.step import Question, Shortcut, Step
from bots.slack.app_manifest import create_app
from bots.slack.doctor import check_slack
from bots.slack.settings import SlackSettings

MANIFEST = Path(__file__).parents[2] / "deploy" / "slack-manifest.yaml"
# Slack docs, App manifests: a link that opens the page with a manifest filled in.
NEW_APP = "https://api.slack.com/apps?new_app=1&manifest_yaml="
BOT_GUIDE = """\
Confab needs an app of its own in your workspace.
  1. Open this address, choose your workspace, and create the app. Everything that it needs is filled in:

{link}

     (Or: api.slack.com/apps -> Create New App -> From a manifest, and paste deploy/slack-manifest.yaml. Or paste an
     app configuration token, xoxe.xoxp-…, from the same page here, and the app is made for you.)
  2. Install it: Install App -> Install to Workspace. An administrator may have to allow it.
  3. Copy the Bot User OAuth Token, xoxb-…, from OAuth & Permissions."""
APP_GUIDE = """\
Events come over a socket that Confab opens itself (Socket Mode), so that nothing of it has to be on the internet.
  1. In the same app: Basic Information -> App-Level Tokens -> Generate Token and Scopes.
  2. Add the scope connections:write, generate it, and copy it: xapp-…"""
OF_BOT = ("slack.reach", "slack.token", "slack.scopes", "slack.clock")


def slack_steps() -> list[Step]:
    """Return the steps: the bot's token, then the app's, after which all of Slack is looked at."""
    return [
        Step(
            "Slack: the bot",
            BOT_GUIDE.format(link=_new_app_link()),
            (
                Question(
                    "SLACK_BOT_TOKEN",
                    "The bot's token, xoxb-…",
                    SLACK_BOT,
                    shortcut=Shortcut(SLACK_CONFIGURATION, create_app),
                ),
            ),
            _check_bot,
        ),
        Step(
            "Slack: its events",
            APP_GUIDE,
            (Question("SLACK_APP_TOKEN", "The app's token, xapp-…", SLACK_APP, instead="SLACK_SIGNING_SECRET"),),
            _check_events,
        ),
    ]


def _new_app_link() -> str:
    """Return the address that makes the app, with the manifest in it; without remarks, so that it stays short."""
    if not MANIFEST.is_file():
        return "https://api.slack.com/apps?new_app=1"
    lines = (line.partition(" # ")[0].rstrip() for line in MANIFEST.read_text(encoding="utf-8").splitlines())
    return NEW_APP + quote("\n".join(line for line in lines if line and not line.lstrip().startswith("#")))


async def _check_bot(given: Mapping[str, str]) -> list[Check]:
    return [check for check in await _check_slack(given) if check.name in OF_BOT]


async def _check_events(given: Mapping[str, str]) -> list[Check]:
    return [check for check in await _check_slack(given) if check.name not in OF_BOT or check.outcome == "fail"]


async def _check_slack(given: Mapping[str, str]) -> list[Check]:
    return await check_slack(SlackSettings.model_validate(given), Surroundings())
