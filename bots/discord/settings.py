"""What an operator can set about Discord."""

from collections.abc import Mapping
from typing import ClassVar, Literal

from pydantic import PositiveInt

from bots.platform_settings import PlatformSettings
from core.setting_fields import URL, setting_field


class DiscordSettings(PlatformSettings):
    """Token, Discord's address, and how to behave there; pauses and timeouts in seconds.

    `roles`: a mention of a role that the bot has is for it. `message_content` says whether to ask for that intent;
    `auto` does what the application's own switch says. `parts` is how many messages an answer may take before the rest
    is a file.
    """

    title: ClassVar[str] = "Discord"
    needs: ClassVar[Mapping[tuple[str, ...], str]] = {
        ("DISCORD_TOKEN",): "discord.com/developers/applications -> your application -> Bot."
    }
    aliases: ClassVar[Mapping[str, str]] = {
        "DISCORD_BOT_TOKEN": "DISCORD_TOKEN",
        "DISCORD_API_TOKEN": "DISCORD_TOKEN",
        "DISCORD_KEY": "DISCORD_TOKEN",
        "BOT_TOKEN": "DISCORD_TOKEN",
    }
    channel: ClassVar[tuple[str, str]] = (r"\d+", "123")

    token: str = setting_field(
        "DISCORD_TOKEN", "Discord: the bot's token (discord.com/developers, Bot)", "", secret=True
    )
    api_url: str = setting_field(
        "DISCORD_API_URL", "Discord: where its API is, with the version", "https://discord.com/api/v10", begins=URL
    )
    message_content: Literal["auto", "on", "off"] = setting_field(
        "CONFAB_DISCORD_MESSAGE_CONTENT", "Discord: ask to read what does not mention the bot: auto, on, off", "auto"
    )
    roles: bool = setting_field(
        "CONFAB_DISCORD_ROLES", "Discord: a mention of a role that the bot has is for it", default=False
    )
    parts: PositiveInt = setting_field(
        "CONFAB_DISCORD_PARTS", "Discord: messages that one answer may take before the rest is a file", 8
    )
    thread_names: Literal["question", "plain"] = setting_field(
        "CONFAB_DISCORD_THREAD_NAMES",
        "Discord: what a thread is called: question (its first words, once they are checked) or plain (Confab 0042)",
        "question",
    )
    ready_timeout: float = 2.0
    identify_pause: float = 5.0
