"""How Discord is connected: which token is asked for, where it is found, and what is checked of it."""

from collections.abc import Mapping

from bots.discord.doctor import check_discord
from bots.discord.settings import DiscordSettings
from bots.doctor.check import Check, Surroundings
from bots.setup.answers import DISCORD_BOT
from bots.setup.step import Question, Step

GUIDE = """\
Confab needs an application of its own.
  1. Open https://discord.com/developers/applications and choose New Application.
  2. Under Bot, switch on Message Content Intent (without it, Confab hears mentions and direct messages alone).
  3. On the same page choose Reset Token, and copy the token."""


def discord_steps() -> list[Step]:
    """Return the one step: the bot's token, with which all of Discord is looked at."""
    token = Question("DISCORD_TOKEN", "The bot's token", DISCORD_BOT)
    return [Step("Discord: the bot", GUIDE, (token,), _check_bot)]


async def _check_bot(given: Mapping[str, str]) -> list[Check]:
    return await check_discord(DiscordSettings.model_validate(given), Surroundings())
