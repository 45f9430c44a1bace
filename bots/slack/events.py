"""What Slack's events say: a body in, one of core's events out. Pure."""

from dataclasses import replace

import structlog

from bots.slack.incoming import mentions_bot, opens_with_other_mention, to_markdown
from bots.slack.payload_values import Payload, mapping_at, mappings_at, text_at, ts_at
from bots.slack.post_text import PostText, attachments_of, read_text
from bots.state import PlatformState
from core.channel_gone import ChannelGone
from core.commands import command_of
from core.messages import Author, ConversationKey, Deletion, Edit, Message, PlatformEvent, Receive
from core.quotes import reference_of

log = structlog.get_logger()

SET_ASIDE = "Slack sent it in a form that is not known; `turns --failed` lists it, and everything else goes on."
SPOKEN = {None, "file_share", "thread_broadcast", "me_message"}  # subtypes in which somebody says something,
SAID = {*SPOKEN, "bot_message", "slackbot_response"}  # and those of apps as well; all others are Slack's own words
GONE = {
    *("channel_left", "group_left", "channel_deleted", "group_deleted"),
    *("channel_archive", "group_archive", "channel_convert_to_private"),
}
SLACKBOT = "USLACKBOT"
AN_APP = "An app"


class UnreadablePayload(ValueError):
    """A message that has no place or no time, so that it can be neither answered nor found again."""


def read_event(body: Payload, bot_user: str, *, dm_threads: bool = True, bot_id: str = "") -> PlatformEvent | None:
    """Return what an Events API body tells, or None where it is nothing for a bot.

    One mention arrives as `app_mention` and as `message`, in either order (Slack docs, app_mention): both give the
    same Message, since whether the bot is meant is decided from the content. With `dm_threads` off, a direct
    message belongs to one flow instead of a thread of its own. Raises UnreadablePayload.
    """
    event = mapping_at(body, "event")
    if (gone := _place_that_is_gone(event)) is not None:
        return ChannelGone("slack", _workspace_of(body), gone)
    if event.get("type") not in ("message", "app_mention"):
        return None
    reader = _Reader(_workspace_of(body), bot_user, dm_threads, bot_id)
    match event.get("subtype"):
        case "message_changed":
            return reader.read_change(event)
        case "message_deleted":
            return reader.read_deletion(_channel_of(event), ts_at(event, "deleted_ts"))
    return reader.read_message(event, _channel_of(event), _is_direct(event)) if reader.is_heard(event) else None


def _place_that_is_gone(event: Payload) -> str | None:
    """Return the channel that was left, deleted, archived or made private; "" for the whole workspace, None for none.

    The last two also come as messages, which need no subscription of their own (Slack docs, message subtypes;
    `channel_convert_to_private` is sent as well).
    """
    if event.get("type") == "app_uninstalled":
        return ""
    told = event.get("subtype") if event.get("type") == "message" else event.get("type")
    return text_at(event, "channel") or None if isinstance(told, str) and told in GONE else None


def is_home_opened(body: Payload) -> bool:
    """Whether a person opened the App Home's own tab, not the one of messages (Slack docs, app_home_opened)."""
    event = mapping_at(body, "event")
    return event.get("type") == "app_home_opened" and event.get("tab") == "home" and bool(text_at(event, "user"))


def author_of(post: Payload) -> Author | None:
    """Return who wrote a message, without a person's name, which Slack does not send; None where nobody did.

    An app's name is what it gave the message, or its own (Slack docs, chat.postMessage `username`, `bot_profile`).
    """
    subtype, user, bot = post.get("subtype"), text_at(post, "user"), text_at(post, "bot_id")
    is_typed = bool(post.get("client_msg_id"))  # by a person, whatever Slack may call it
    if not is_typed and (not isinstance(subtype, str | None) or subtype not in SAID):
        return None
    if bot or subtype == "bot_message" or user == SLACKBOT:
        name = text_at(post, "username") or text_at(mapping_at(post, "bot_profile"), "name")
        name = name or ("Slackbot" if user == SLACKBOT else "")
        return Author(user or bot or text_at(post, "app_id"), name or ("" if user else AN_APP), is_bot=True)
    return Author(user, "", workspace=text_at(post, "user_team") or text_at(post, "team")) if user else None


class _Reader:
    def __init__(self, workspace: str, bot_user: str, dm_threads: bool, bot_id: str) -> None:
        self._own = {bot_user, bot_id}  # under a persona's name an own message has no user (Slack docs, bot_message)
        self._workspace = workspace
        self._bot_user = bot_user
        self._dm_threads = dm_threads

    def is_heard(self, event: Payload) -> bool:
        """Whether somebody else than the bot says something here."""
        author = author_of(event)
        return author is not None and author.id not in self._own

    def read_message(self, event: Payload, channel: str, direct: bool) -> Message:
        """Read what somebody says; an app never means the bot, but what it says may be asked about."""
        said, author, ts = read_text(event), author_of(event), ts_at(event, "ts")
        if not ts or author is None:
            raise UnreadablePayload("no ts, or no author")
        root = ts_at(event, "thread_ts") or ts
        addressed = not author.is_bot and (direct or mentions_bot(said.own, self._bot_user))
        follow_up = not author.is_bot and root != ts and not opens_with_other_mention(said.own, self._bot_user)
        is_all = not said.forwarded
        command = command_of(to_markdown(said.own, self._bot_user), addressed=addressed) if is_all else ""
        return Message(
            id=ts,
            key=ConversationKey("slack", self._workspace, channel, "" if direct and not self._dm_threads else root),
            author=author,
            text=said.whole,
            sent_at=float(ts),
            addressed=addressed,
            follow_up=follow_up,
            attachments=attachments_of(event),
            command=command if addressed or follow_up else "",
            about=_place_of_last(said, channel),
            others=said.of_others,
            quotations=said.quotations,
            is_alone=direct,
        )

    def read_change(self, event: Payload) -> Edit | Deletion | None:
        """Read `message_changed`: an edit by its author, or the tombstone that a deleted thread root leaves."""
        now, before, channel = mapping_at(event, "message"), mapping_at(event, "previous_message"), _channel_of(event)
        if now.get("subtype") == "tombstone":
            return self.read_deletion(channel, ts_at(now, "ts"))
        was = read_text(before)
        if not self.is_heard(now) or (read_text(now) == was and _file_ids(before) <= _file_ids(now)):
            return None  # our own edits, unfurled links, files that got a preview
        direct = _is_direct(event)
        message = self.read_message(now, channel, direct)
        asked_already = direct or mentions_bot(was.own, self._bot_user)
        return Edit(message if not asked_already else _as_unaddressed(message))

    def read_deletion(self, channel: str, message_id: str) -> Deletion | None:
        return Deletion("slack", self._workspace, channel, message_id) if message_id else None


def _place_of_last(said: PostText, channel: str) -> str:
    """Return where the message stands that was forwarded last, with which the text ends, as `Message.about` has it."""
    last = said.forwarded[-1] if said.forwarded else None
    if last is None or not last.ts:
        return ""
    return last.ts if last.channel in {"", channel} else reference_of(last.channel, last.ts)


def _as_unaddressed(message: Message) -> Message:
    """An edit of a question that was asked before asks nothing new; it only changes what was said."""
    return replace(message, addressed=False, follow_up=False)


def _workspace_of(body: Payload) -> str:
    """Return the team that installed the app: the author's own differs in shared channels (Slack docs, Connect)."""
    authorization = next(iter(mappings_at(body, "authorizations")), {})
    return text_at(authorization, "team_id") or text_at(authorization, "enterprise_id") or text_at(body, "team_id")


def _channel_of(event: Payload) -> str:
    """Return the channel's id; raise UnreadablePayload where there is none."""
    channel = text_at(event, "channel")
    if not channel:
        raise UnreadablePayload("no channel")
    return channel


def _place_of(body: Payload) -> tuple[str, str, str, str]:
    """Return the workspace, channel, thread and id of a message that cannot be read, as far as they are told."""
    event = mapping_at(body, "event")
    message_id = ts_at(event, "ts") or text_at(event, "event_ts")
    return _workspace_of(body), text_at(event, "channel"), ts_at(event, "thread_ts") or message_id, message_id


def _is_direct(event: Payload) -> bool:
    return event.get("channel_type") == "im" or text_at(event, "channel").startswith("D")


def _file_ids(message: Payload) -> set[str]:
    return {file.id for file in attachments_of(message)}


class SlackEventReader:
    """Reads what is said in one workspace, whose id is `team`, and hands it on."""

    def __init__(
        self,
        team: str,
        bot_user: str,
        receive: Receive,
        state: PlatformState,
        *,
        dm_threads: bool,
        bot_id: str = "",
    ) -> None:
        """`bot_user` and `bot_id` are the bot's own, as a user and as an app's."""
        self._bot_id = bot_id
        self._team = team
        self._bot_user = bot_user
        self._receive = receive
        self._state = state
        self._dm_threads = dm_threads

    async def receive_event(self, body: Payload) -> bool:
        """Take an event in; False where it is nothing for a bot. One that cannot be read is set aside, alone."""
        try:
            event = read_event(body, self._bot_user, dm_threads=self._dm_threads, bot_id=self._bot_id)
        except Exception as error:  # noqa: BLE001 - whatever its form, it stops nothing else
            log.warning("message set aside", error=type(error).__name__, hint=SET_ASIDE)
            await self._state.set_aside(*_place_of(body))
            return True
        if event is not None:
            await self._receive(event)
        return event is not None

    async def receive_post(self, channel: str, post: Payload) -> None:
        """Take in a message as it stands in a channel's history."""
        await self.receive_event({"team_id": self._team, "event": {**post, "type": "message", "channel": channel}})
