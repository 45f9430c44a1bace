"""The first words with Discord: whether the token holds, who we are, and how to connect."""

from dataclasses import dataclass
from urllib.parse import urlsplit

import discord
import yarl
from discord.gateway import DiscordWebSocket
from discord.http import Route

from bots.bounded_response import BoundedConnector
from bots.discord.calls import LONGEST_WAIT, DiscordRefusal, WrongToken, call_persistently
from bots.discord.settings import DiscordSettings
from bots.silence import explain_silence


@dataclass(frozen=True, slots=True)
class Login:
    """The bot's user, its application, how many shards Discord recommends, and what its switches allow."""

    user: int
    application: int
    shards: int
    message_content: bool


async def log_in(options: DiscordSettings) -> Login:
    """Ask Discord for what must be known before a client is made, and set the addresses that discord.py dials.

    Both addresses are attributes of discord.py's classes, and nothing else sets them. It reads /gateway/bot by
    itself only for several shards, and after an invalid session dials the built-in address even so.
    Raises WrongToken, or PlatformError where Discord cannot be reached.
    """
    Route.BASE = options.api_url.rstrip("/")
    discord.VoiceClient.warn_nacl = discord.VoiceClient.warn_dave = False  # libraries for calls, which we do not join
    host = urlsplit(options.api_url).netloc
    try:
        introduction, gateway = await call_persistently("login", lambda: _ask_discord(options.token))
    except discord.LoginFailure:
        raise WrongToken from None
    except DiscordRefusal as error:
        raise explain_silence(error, host, "DISCORD_API_URL") from error
    except discord.GatewayNotFound as error:
        raise DiscordRefusal("gateway/bot", 0) from error
    DiscordWebSocket.DEFAULT_GATEWAY = yarl.URL(gateway)
    return introduction


async def _ask_discord(token: str) -> tuple[Login, str]:
    intents = discord.Intents(guilds=True)
    connector = BoundedConnector()
    async with discord.Client(intents=intents, connector=connector, max_ratelimit_timeout=LONGEST_WAIT) as client:
        await client.login(token)
        shards, gateway, _ = await client.http.get_bot_gateway()
        if client.user is None or client.application is None:
            raise DiscordRefusal("login", 0)
        flags = client.application.flags
        allowed = flags.gateway_message_content or flags.gateway_message_content_limited
        return Login(client.user.id, client.application.id, shards, allowed), gateway
