"""What stands in a channel: a message, and the files that came with it."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import PurePath
from typing import Any

from deploy.sandbox.wire.raw import ORDINARY, RawFields

# Slack docs, Formatting text: what a client turns into a notification. The part after | is only a label.
_PING = re.compile(r"<(!(?:channel|here|everyone)|!subteam\^[A-Z0-9]+|@[UW][A-Z0-9]+)(?:\|[^>]*)?>")
# Slack docs, chat.postMessage: `link_names` and `parse=full` bring bare names to life.
_BARE_PING = re.compile(r"(?<!\w)@(channel|here|everyone)\b")


@dataclass(slots=True)
class File:
    """An uploaded file. `duration_ms` is known for a recording; `shared` once it stands in a channel.

    `transcription` is what Slack has made of a clip, `fetched` how often the content was sent.
    Of a file that was `deleted`, a message keeps the place.
    """

    id: str
    name: str
    media_type: str
    content: bytes
    user: str
    title: str
    created: int
    duration_ms: int | None = None
    shared: list[str] = field(default_factory=list)
    transcription: dict[str, Any] = field(default_factory=lambda: {"status": "none"})
    fetched: int = 0
    deleted: bool = False

    @property
    def is_clip(self) -> bool:
        """Whether this is an audio clip recorded in Slack, which it names `audio_message…`."""
        return self.name.startswith("audio_message")

    def as_json(self, base: str) -> dict[str, Any]:
        """Return the file object (Slack docs, File object); `base` is the address that serves files."""
        if self.deleted:
            return {"id": self.id, "mode": "tombstone"}
        address = f"{base}/{self.id}"
        kind = PurePath(self.name).suffix.lstrip(".")
        clip = {"subtype": "slack_audio", "media_display_type": "audio", "transcription": self.transcription}
        length = {} if self.duration_ms is None else {"duration_ms": self.duration_ms}
        return {
            "id": self.id,
            "created": self.created,
            "timestamp": self.created,
            "name": self.name,
            "title": self.title,
            "mimetype": self.media_type,
            "filetype": kind,
            "pretty_type": kind.upper(),
            "user": self.user,
            "mode": "hosted",
            "size": len(self.content),
            "is_external": False,
            "is_public": True,
            "file_access": "visible",
            "url_private": f"{address}/{self.name}",
            "url_private_download": f"{address}/download/{self.name}",
            "channels": self.shared,
            **(clip if self.is_clip else {}),
            **length,
        }


@dataclass(slots=True)
class Post:
    """A message in a channel. `thread_ts` is its root's ts, which a root has only once it has replies.

    `blocks` is what the sender gave; `rich` says that Slack made them out of a person's text. `edited` is the ts
    of the last edit by its author, empty if there was none; `raw` is how its JSON differs from an ordinary one's.
    """

    ts: str
    channel: str
    user: str
    text: str
    blocks: list[dict[str, Any]] = field(default_factory=list)
    thread_ts: str | None = None
    files: list[File] = field(default_factory=list)
    attachments: list[dict[str, Any]] = field(default_factory=list)
    metadata: dict[str, Any] | None = None
    reactions: dict[str, list[str]] = field(default_factory=dict)
    edited: str = ""
    subtype: str = ""
    bot_id: str = ""
    client_msg_id: str = ""
    username: str = ""
    picture: str = ""
    links_names: bool = False
    streaming: bool = False
    raw: RawFields = ORDINARY

    @property
    def is_reply(self) -> bool:
        """Whether it stands under another post."""
        return self.thread_ts is not None and self.thread_ts != self.ts

    @property
    def markdown(self) -> str:
        """The text of its markdown blocks, one after the other; empty if it has none."""
        return "\n\n".join(str(block.get("text", "")) for block in self.blocks if block.get("type") == "markdown")

    @property
    def shown(self) -> str:
        """What a person reads: the markdown blocks where there are any, else the text; and small print below."""
        return "\n\n".join(filter(None, (self.markdown or self.text, *self._small_print())))

    def _small_print(self) -> Iterator[str]:
        for block in self.blocks:
            if block.get("type") == "context":
                yield " ".join(str(each.get("text", "")) for each in block.get("elements", []))

    @property
    def pings(self) -> list[str]:
        """Each live mention in text or blocks that would notify people, once, as `<!here>`: without its label."""
        found = _PING.findall(self.text)
        for kind, text in _live_texts(self.blocks):
            found += [text] if kind == "element" else _PING.findall(text)
        if self.links_names:
            found += [f"!{name}" for name in _BARE_PING.findall(self.text)]
        return [f"<{ping}>" for ping in dict.fromkeys(found)]


def _live_texts(node: object) -> Iterator[tuple[str, str]]:
    """Give ("text", mrkdwn or Markdown) and ("element", mention of a rich text) of everything below a block."""
    if isinstance(node, list):
        for child in node:
            yield from _live_texts(child)
    elif isinstance(node, dict):
        yield from _own_text(node)
        yield from (found for child in node.values() for found in _live_texts(child))


def _own_text(node: dict[str, Any]) -> Iterator[tuple[str, str]]:
    match node:
        case {"type": "markdown" | "mrkdwn", "text": str(text)}:
            yield "text", text
        case {"type": "user", "user_id": user}:
            yield "element", f"@{user}"
        case {"type": "usergroup", "usergroup_id": group}:
            yield "element", f"!subteam^{group}"
        case {"type": "broadcast", "range": reach}:
            yield "element", f"!{reach}"
