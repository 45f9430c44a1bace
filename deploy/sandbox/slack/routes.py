"""Where Slack's wire is served."""

from aiohttp import web

from deploy.sandbox.slack import apps, chat, conversations, extras, interactions, streams, uploads, views
from deploy.sandbox.slack.api import Api
from deploy.sandbox.slack.workspace import Workspace

METHODS = {
    **(apps.METHODS | chat.METHODS | conversations.METHODS | extras.METHODS),
    **(streams.METHODS | uploads.METHODS | views.METHODS),
}


def routes(workspace: Workspace) -> list[web.AbstractRouteDef]:
    """Return the routes of one workspace: Web API, Socket Mode, responses and files."""
    api = Api(workspace, METHODS)
    return [
        web.route("*", "/slack/api/{method}", api.serve),
        web.get("/slack/socket", workspace.courier.sockets.serve),
        *interactions.routes(workspace),
        *uploads.routes(workspace),
    ]
