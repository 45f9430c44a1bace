"""Slack's own transcript of a clip: what serves where nobody else transcribes."""

from pathlib import Path
from typing import Any

import pytest

from core.voice.errors import NoTranscriber
from deploy.sandbox.wire.server import Sandbox
from tests.support.bot import Setup, running
from tests.support.room import answered, prompt
from tests.support.sound_files import sound
from tests.support.voice import Voice

WHOLE = {"status": "complete", "locale": "en-US", "preview": {"content": "Ship it on Friday.", "has_more": False}}
CUT = {"status": "complete", "locale": "en-US", "preview": {"content": "Ship it", "has_more": True}}


async def sent(sandbox: Sandbox, transcription: dict[str, Any]) -> tuple[str, str]:
    """Send a clip with a transcript of Slack's; return the channel and the thread."""
    file = await sandbox.workspace.upload("audio_message.m4a", sound("weather.m4a"), "audio/mp4", duration_ms=2300)
    sandbox.workspace.files[file].transcription = transcription
    channel = sandbox.workspace.direct("U0ADA1234")
    return channel, await sandbox.workspace.say(channel, "", files=[file])


@pytest.mark.parametrize("voice", [Voice(base_urls=()), Voice(retry_deadline=0.001)])
async def test_slacks_transcript_serves_where_no_transcriber_does(
    sandbox: Sandbox, tmp_path: Path, voice: Voice
) -> None:
    """None is set, or none is there."""
    sandbox.model.sounds.absent = True
    async with running(sandbox, tmp_path / "c.db", Setup(voice=voice)):
        channel, thread = await sent(sandbox, WHOLE)
        (answer,) = await answered(sandbox, thread, channel=channel)
    assert answer.startswith("> \N{MICROPHONE} Ship it on Friday.\n\n")
    assert "Ship it on Friday." in prompt(sandbox.model.requests[0])[0]


async def test_only_a_whole_transcript_serves(sandbox: Sandbox, tmp_path: Path) -> None:
    """A beginning would be taken for all that was said."""
    async with running(sandbox, tmp_path / "c.db", Setup(voice=Voice(base_urls=()))):
        channel, thread = await sent(sandbox, CUT)
        (answer,) = await answered(sandbox, thread, channel=channel)
    assert answer.startswith(f"_{NoTranscriber.notice}_")


async def test_a_transcript_that_is_being_made_is_waited_for(sandbox: Sandbox, tmp_path: Path) -> None:
    """It comes some seconds after the clip."""
    async with running(sandbox, tmp_path / "c.db", Setup(voice=Voice(base_urls=()))):
        channel, thread = await sent(sandbox, {"status": "processing"})
        calls = sandbox.workspace.calls
        await sandbox.workspace.until(lambda: [call for call in calls if call.method == "files.info"])
        for file in sandbox.workspace.files.values():
            file.transcription = WHOLE
        (answer,) = await answered(sandbox, thread, channel=channel)
    assert answer.startswith("> \N{MICROPHONE} Ship it on Friday.")
