"""What the page does with the views of the pretend Slack: the app's home and its modals.

POST /api/home          {user}: open the app's home -> {}
POST /api/home/press    {user, button}: press a button there -> {}
POST /api/modal/send    {user, values}: send the modal that is open, with values by the ids of its fields -> {}
POST /api/modal/close   {user}: close it -> {}
"""

from aiohttp import web

from deploy.sandbox.page.place import Json
from deploy.sandbox.page.slack_blocks import view_parts
from deploy.sandbox.slack.modals import close_modal, open_home, press_button, submit_modal
from deploy.sandbox.slack.workspace import Workspace
from deploy.sandbox.wire.guard import body_of, refusal


class SlackModals:
    """The calls of the page that are about views."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace

    async def open_home(self, request: web.Request) -> web.Response:
        """Open the app's home."""
        await open_home(self._workspace, self._person_of(await body_of(request)))
        return web.json_response({})

    async def press_at_home(self, request: web.Request) -> web.Response:
        """Press a button of the app's home."""
        asked = await body_of(request)
        try:
            fault = await press_button(self._workspace, str(asked.get("button")), self._person_of(asked))
        except LookupError:
            raise refusal(404, "There is no such button.") from None
        return _done(fault)

    async def send_modal(self, request: web.Request) -> web.Response:
        """Send the modal that is open."""
        asked = await body_of(request)
        values = asked.get("values")
        chosen = {str(name): str(value) for name, value in values.items()} if isinstance(values, dict) else {}
        try:
            fault = await submit_modal(self._workspace, chosen, self._person_of(asked))
        except LookupError as error:
            raise refusal(404, str(error)) from None
        return _done(fault)

    async def close_modal(self, request: web.Request) -> web.Response:
        """Close the modal that is open."""
        close_modal(self._workspace, self._person_of(await body_of(request)))
        return web.json_response({})

    def routes(self) -> list[web.AbstractRouteDef]:
        """Return the calls."""
        return [
            web.post("/api/home", self.open_home),
            web.post("/api/home/press", self.press_at_home),
            web.post("/api/modal/send", self.send_modal),
            web.post("/api/modal/close", self.close_modal),
        ]

    def _person_of(self, asked: Json) -> str:
        user = self._workspace.users.get(str(asked.get("user")))
        if user is None or user.is_bot:
            raise refusal(403, "There is no such person.")
        return user.id


def shown_views(workspace: Workspace, user: str) -> Json:
    """Return what stands open before a person: their modal, and the app's home as they last saw it, each or None."""
    modal, home = workspace.views.modals.get(user), workspace.views.homes.get(user)
    return {"user": user, "modal": modal and _modal(modal), "home": home and view_parts(home["blocks"])}


def _modal(view: Json) -> Json:
    words = {name: (view.get(name) or {}).get("text", "") for name in ("title", "submit", "close")}
    return {"id": f"{view['id']}-{view['hash']}", **words, "parts": view_parts(view["blocks"])}


def _done(fault: str) -> web.Response:
    if fault:
        raise refusal(504, f'Confab did not take it: "{fault}"')
    return web.json_response({})
