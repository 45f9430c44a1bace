"""Slack's own transcript of a clip, which comes some seconds after the clip (Slack docs, File object)."""

import asyncio
from typing import Any

from bots.slack.calls import Calls, SlackRefusal

LOOKS = 6  # at a clip whose transcript is being made
PAUSE = 2.0  # seconds between them


async def slacks_transcript(calls: Calls, file: str) -> str:
    """Return the whole transcript; empty where there is none, or only its beginning, or not within some seconds."""
    for look in range(LOOKS):
        try:
            answer = await calls.read("files.info", {"file": file})
        except SlackRefusal:
            return ""
        told = answer["file"].get("transcription") or {}
        if told.get("status") != "processing":
            return _whole(told)
        if look + 1 < LOOKS:
            await asyncio.sleep(PAUSE)
    return ""


def _whole(told: dict[str, Any]) -> str:
    preview = told.get("preview") or {}
    is_whole = told.get("status") == "complete" and not preview.get("has_more")
    return str(preview.get("content") or "").strip() if is_whole else ""
