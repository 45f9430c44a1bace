"""Where Discord's wire is served."""

from aiohttp import web

from deploy.sandbox.discord import accounts, cdn, channels, commands, history, messages, reactions, responses, sockets
from deploy.sandbox.discord.api import BASE, Api
from deploy.sandbox.discord.guild import Guild

ROUTES = (
    *accounts.ROUTES,
    *channels.ROUTES,
    *commands.ROUTES,
    *history.ROUTES,
    *messages.ROUTES,
    *reactions.ROUTES,
    *responses.ROUTES,
)


def routes(guild: Guild) -> list[web.AbstractRouteDef]:
    """Return the routes of one guild: REST, gateway and CDN."""
    api = Api(guild)
    return [
        *(api.serving(route) for route in ROUTES),
        web.route("*", BASE + "/{rest:.*}", api.unknown),
        *sockets.routes(guild.gateway, guild.faults),
        *cdn.routes(guild.attachments.get, lambda: guild.faults.expired_files),
    ]
