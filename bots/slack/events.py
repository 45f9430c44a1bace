"""What Slack's events say: a body in, one of core's events out. Pure."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from bots.slack.incoming import mentions_bot, opens_with_other_mention, text_of, to_markdown
from core.commands import command_of
from core.messages import Attachment, Author, ConversationKey, Deletion, Edit, Message, PlatformEvent, Receive

SPOKEN = {None, "file_share", "thread_broadcast"}  # subtypes in which a person says something
SLACKBOT = "USLACKBOT"


def read_event(body: Mapping[str, Any], bot_user: str, *, dm_threads: bool = True) -> PlatformEvent | None:
    """Return what an Events API body tells, or None where it is nothing for a bot.

    One mention arrives as `app_mention` and as `message`, in either order (Slack docs, app_mention): both give the
    same Message, since whether the bot is meant is decided from the content. With `dm_threads` off, a direct
    message belongs to one flow instead of a thread of its own.
    """
    event = body["event"]
    if event.get("type") not in {"message", "app_mention"}:
        return None
    reader = _Reader(_workspace_of(body), bot_user, dm_threads)
    match event.get("subtype"):
        case "message_changed":
            return reader.read_change(event)
        case "message_deleted":
            return reader.read_deletion(event["channel"], event["deleted_ts"])
        case subtype if subtype in SPOKEN and _is_by_person(event, bot_user):
            return reader.read_message(event, event["channel"], _is_direct(event))
    return None


class _Reader:
    def __init__(self, workspace: str, bot_user: str, dm_threads: bool) -> None:
        self._workspace = workspace
        self._bot_user = bot_user
        self._dm_threads = dm_threads

    def read_message(self, event: Mapping[str, Any], channel: str, direct: bool) -> Message:
        text = text_of(event)
        root = str(event.get("thread_ts") or event["ts"])
        in_thread = root != event["ts"]
        addressed = direct or mentions_bot(text, self._bot_user)
        return Message(
            id=str(event["ts"]),
            key=ConversationKey("slack", self._workspace, channel, "" if direct and not self._dm_threads else root),
            author=Author(event["user"], "", workspace=str(event.get("user_team") or event.get("team") or "")),
            text=text,
            sent_at=float(event["ts"]),
            addressed=addressed,
            follow_up=in_thread and not opens_with_other_mention(text, self._bot_user),
            attachments=attachments_of(event),
            command=command_of(to_markdown(text, self._bot_user)) if addressed else "",
        )

    def read_change(self, event: Mapping[str, Any]) -> Edit | Deletion | None:
        """Read `message_changed`: an edit by its author, or the tombstone that a deleted thread root leaves."""
        now, before = event["message"], event.get("previous_message", {})
        if now.get("subtype") == "tombstone":
            return self.read_deletion(event["channel"], now["ts"])
        if not _is_by_person(now, self._bot_user) or (
            text_of(now) == text_of(before) and _file_ids(before) <= _file_ids(now)
        ):
            return None  # our own edits, unfurled links, files that got a preview
        direct = _is_direct(event)
        message = self.read_message(now, event["channel"], direct)
        asked_already = direct or mentions_bot(text_of(before), self._bot_user)
        return Edit(message if not asked_already else _as_unaddressed(message))

    def read_deletion(self, channel: str, message_id: str) -> Deletion:
        return Deletion("slack", self._workspace, channel, message_id)


def _as_unaddressed(message: Message) -> Message:
    """An edit of a question that was asked before asks nothing new; it only changes what was said."""
    return replace(message, addressed=False, follow_up=False)


def _workspace_of(body: Mapping[str, Any]) -> str:
    """Return the team that installed the app: the author's own differs in shared channels (Slack docs, Connect)."""
    authorization: Mapping[str, Any] = next(iter(body.get("authorizations") or ()), {})
    return str(authorization.get("team_id") or authorization.get("enterprise_id") or body.get("team_id", ""))


def _is_direct(event: Mapping[str, Any]) -> bool:
    return event.get("channel_type") == "im" or str(event["channel"]).startswith("D")


def _is_by_person(event: Mapping[str, Any], bot_user: str) -> bool:
    return bool(event.get("user")) and not event.get("bot_id") and event["user"] not in {bot_user, SLACKBOT}


def attachments_of(message: Mapping[str, Any]) -> tuple[Attachment, ...]:
    """Return the files that came with a message, but for those that were deleted (Slack docs, File object, mode)."""
    return tuple(_read_attachment(file) for file in message.get("files", ()) if file.get("mode") != "tombstone")


def _file_ids(message: Mapping[str, Any]) -> set[str]:
    return {file.id for file in attachments_of(message)}


def _read_attachment(file: Mapping[str, Any]) -> Attachment:
    duration = file.get("duration_ms")
    return Attachment(
        id=str(file.get("id", "")),
        name=str(file.get("name") or ""),
        media_type=str(file.get("mimetype") or ""),
        url=str(file.get("url_private_download") or file.get("url_private") or ""),
        size=file.get("size"),
        duration=duration / 1000 if duration is not None else None,
        is_voice_note=file.get("subtype") == "slack_audio",
    )


class SlackEventReader:
    """Reads what is said in one workspace, whose id is `team`, and hands it on."""

    def __init__(self, team: str, bot_user: str, receive: Receive, *, dm_threads: bool) -> None:
        self._team = team
        self._bot_user = bot_user
        self._receive = receive
        self._dm_threads = dm_threads

    async def receive_event(self, body: Mapping[str, Any]) -> bool:
        """Take an event in; False where it is nothing for a bot."""
        event = read_event(body, self._bot_user, dm_threads=self._dm_threads)
        if event is not None:
            await self._receive(event)
        return event is not None

    async def receive_post(self, channel: str, post: Mapping[str, Any]) -> None:
        """Take in a message as it stands in a channel's history."""
        await self.receive_event({"team_id": self._team, "event": {**post, "type": "message", "channel": channel}})
