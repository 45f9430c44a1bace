"""files.* and the addresses at which files are uploaded and downloaded (Slack docs, Working with files)."""

import mimetypes
from typing import Any

from aiohttp import web

from deploy.sandbox.slack.api import Answer, Method
from deploy.sandbox.slack.arguments import Arguments, decoded, number, room_of, root_of
from deploy.sandbox.slack.limits import TIER_4
from deploy.sandbox.slack.posts import File, Post
from deploy.sandbox.slack.refused import Refused
from deploy.sandbox.slack.workspace import Workspace

# What a wrong token or a missing scope gets: a page to log in, under status 200, as reported.
_LOGIN_PAGE = (
    "<!DOCTYPE html><html><head><title>Sign in | Slack</title></head><body>Sign in to your workspace</body></html>"
)


def info(workspace: Workspace, arguments: Arguments) -> Answer:
    """Describe one file."""
    return {"file": _file(workspace, arguments.get("file")).as_json(workspace.files_base), "comments": []}


def get_upload_url(workspace: Workspace, arguments: Arguments) -> Answer:
    """Begin an upload: give the address to post the content to, and the id that the file will have."""
    name, length = str(arguments.get("filename") or ""), number(arguments, "length", 0)
    if not name or not length:
        raise Refused("invalid_arguments")
    media_type = mimetypes.guess_type(name)[0] or "application/octet-stream"
    file = workspace.keep_file(name, b"", media_type, workspace.bot_user)
    return {"upload_url": f"{workspace.url}/slack/files/upload/{file.id}", "file_id": file.id}


def complete_upload(workspace: Workspace, arguments: Arguments) -> Answer:
    """End an upload: give the files their titles, and share them if a channel is named."""
    named = decoded(arguments, "files")
    if not isinstance(named, list) or not named:
        raise Refused("invalid_arguments")
    files = [_file(workspace, entry.get("id"), filled=True) for entry in named]
    for file, entry in zip(files, named, strict=True):
        file.title = str(entry.get("title") or file.name)
    if arguments.get("channel_id"):
        workspace.publish(_sharing(workspace, arguments, files))
    return {"files": [file.as_json(workspace.files_base) for file in files]}


def _sharing(workspace: Workspace, arguments: Arguments, files: list[File]) -> Post:
    room = room_of(workspace, arguments)
    return Post(
        ts=workspace.stamp(),
        channel=room.id,
        user=workspace.bot_user,
        text=str(arguments.get("initial_comment") or ""),
        thread_ts=root_of(room, arguments),
        files=files,
        subtype="file_share",
        bot_id=workspace.bot_id,
    )


def _file(workspace: Workspace, identity: Any, *, filled: bool = False) -> File:
    file = workspace.files.get(str(identity))
    if file is None or (filled and not file.content):
        raise Refused("file_not_found")
    return file


def routes(workspace: Workspace) -> list[web.AbstractRouteDef]:
    """Return the routes below which files are posted and fetched."""

    async def receive(request: web.Request) -> web.Response:
        file = workspace.files.get(request.match_info["id"])
        if file is None or file.content:
            return web.Response(status=404, text="No such upload")
        file.content = await _content(request)
        return web.Response(text=f"OK - {len(file.content)}")

    async def send(request: web.Request) -> web.Response:
        file = workspace.files.get(request.match_info["id"])
        known = request.headers.get("Authorization") == f"Bearer {workspace.bot_token}"
        if not known or "files:read" not in workspace.scopes:
            return web.Response(text=_LOGIN_PAGE, content_type="text/html")
        if file is None or workspace.faults.expired_files:
            return web.Response(status=404, text="File not found", content_type="text/html")
        file.fetched += 1
        return web.Response(body=file.content, content_type=file.media_type or "application/octet-stream")

    place = "/slack/files/{team}/{id}"
    return [
        web.post("/slack/files/upload/{id}", receive),
        web.get(f"{place}/download/{{name}}", send),
        web.get(f"{place}/{{name}}", send),
    ]


async def _content(request: web.Request) -> bytes:
    """Return what was posted: the body itself, or the first file of a form."""
    if not request.content_type.startswith("multipart/"):
        return await request.read()
    posted = [value for value in (await request.post()).values() if isinstance(value, web.FileField)]
    return posted[0].file.read() if posted else b""


METHODS = {
    "files.info": Method(info, TIER_4, ("files:read",)),
    "files.getUploadURLExternal": Method(get_upload_url, TIER_4, ("files:write",)),
    "files.completeUploadExternal": Method(complete_upload, TIER_4, ("files:write",)),
}
