"""The running bot and Whisper's base model: in processes of its own, and behind a server that none of us wrote."""

import asyncio
import signal
import sys
import time
from asyncio.subprocess import PIPE
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from core.llm.settings import TranscriptionSettings
from core.spending.charge import Charge
from core.voice.errors import NoteWithoutSpeech
from core.voice.local import PROGRAM, LocalWhisper
from deploy.sandbox.discord.posts import Flag
from deploy.sandbox.discord.roster import ADA
from deploy.sandbox.wire.server import Sandbox
from tests.discord.test_process import environ
from tests.support.bot import Setup, running
from tests.support.discord_room import answers as answers_in_discord
from tests.support.real_servers import HAS_WHISPER, PACKAGES, PYTHON, server, write_weights
from tests.support.room import answers, mention
from tests.support.sound_files import noise, sound, spoken, wav
from tests.support.voice import Voice

PATIENCE = 300.0  # seconds: a busy machine loads the model and hears a sentence in twenty
HEARD = Charge("transcription")
WORDS = {"weather.ogg": "weather is very nice", "dog.ogg": "little dog", "budget.ogg": "budget for next year"}
pytestmark = [
    pytest.mark.prove,
    pytest.mark.skipif(not HAS_WHISPER, reason="`make prove` installs faster-whisper and a model, which are not here"),
]


@pytest.fixture(scope="module")
def weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the model's folder."""
    return write_weights(tmp_path_factory.mktemp("whisper") / "base")


@pytest.fixture(scope="module")
def whisper_server(weights: Path) -> Iterator[str]:
    """Return the address of a server with the model."""
    arguments = ("-m", "faster_whisper_server", str(weights), "--host", "127.0.0.1", "--port")
    with server("/docs", *arguments) as address:
        yield f"{address}/v1"


async def test_the_local_transcriber_hears_what_is_said(weights: Path) -> None:
    """Two recordings at a time, one process after the other with the model loaded once."""
    program = f"import sys; sys.path.append({str(PACKAGES)!r}); {PROGRAM}"
    local = LocalWhisper(TranscriptionSettings(local_whisper=str(weights), timeout=PATIENCE), {}, program)
    folder = Path(__file__).parents[1] / "support" / "sounds"
    try:
        found = await asyncio.gather(*(local.transcribe(folder / name, "transcriptions", HEARD) for name in WORDS))
    finally:
        await local.close()
    assert all(words in said for words, said in zip(WORDS.values(), found, strict=True))


async def test_a_server_with_the_model_is_a_transcriber(sandbox: Sandbox, tmp_path: Path, whisper_server: str) -> None:
    """Noise is not sent to it."""
    setup = Setup(voice=Voice(base_urls=(whisper_server,), timeout=PATIENCE))
    async with running(sandbox, tmp_path / "confab.db", setup):
        told = []
        for content, media_type in ((sound("weather.m4a"), "audio/mp4"), (wav(noise(3.0)), "audio/wav")):
            file = await sandbox.workspace.upload("audio_message", content, media_type, duration_ms=3000)
            thread = await sandbox.workspace.say("C0GENERAL", mention(""), files=[file])
            await sandbox.workspace.until(lambda thread=thread: answers(sandbox, thread), PATIENCE)  # type: ignore[misc]
            told.append(answers(sandbox, thread)[-1])
    assert WORDS["weather.ogg"] in str(sandbox.model.requests[0].body)
    assert NoteWithoutSpeech.notice in told[1]


async def test_a_stop_amid_a_local_transcript_ends_the_bot_and_the_note_is_answered_after_it(
    sandbox: Sandbox, tmp_path: Path, weights: Path
) -> None:
    """In a little more than its grace, and nothing of it runs on."""
    environment = environ(sandbox, tmp_path) | {
        "CONFAB_LOCAL_WHISPER": str(weights),
        "CONFAB_TRANSCRIBE_TIMEOUT": str(PATIENCE),
        "CONFAB_GRACE": "1",
        "PYTHONPATH": next(path for path in sys.path if path.endswith("site-packages")),
    }
    room = sandbox.guild.direct(ADA)
    bot = await asyncio.create_subprocess_exec(PYTHON, "-m", "bots", "run", env=environment, stdout=PIPE, stderr=PIPE)
    await sandbox.guild.until(lambda: sandbox.guild.connected == 1, PATIENCE)
    note = sandbox.guild.attach("voice-message.ogg", spoken(*WORDS), "audio/ogg", 8.0)
    await sandbox.guild.say(room, "", ADA, None, [note], Flag.VOICE)
    await asyncio.to_thread(wait_for_processes, weights, are_there=True)
    bot.send_signal(signal.SIGTERM)
    await asyncio.wait_for(bot.communicate(), 60.0)
    await asyncio.to_thread(wait_for_processes, weights, are_there=False)
    assert sandbox.model.requests == []
    bot = await asyncio.create_subprocess_exec(PYTHON, "-m", "bots", "run", env=environment, stdout=PIPE, stderr=PIPE)
    try:
        await sandbox.guild.until(lambda: WORDS["weather.ogg"] in "".join(answers_in_discord(sandbox, room)), PATIENCE)
    finally:
        bot.kill()
        await bot.communicate()


def wait_for_processes(weights: Path, *, are_there: bool) -> None:
    """Wait until a process has the model, or none."""
    until = time.monotonic() + PATIENCE
    while bool(running_with(weights)) != are_there:
        assert time.monotonic() < until
        time.sleep(0.05)


def running_with(weights: Path) -> list[Path]:
    """Return the bot's own processes that were given the model."""
    found = []
    for process in Path("/proc").iterdir():
        with suppress(OSError):  # it has ended meanwhile, or is none
            command = (process / "cmdline").read_bytes() if process.name.isdecimal() else b""
            if str(weights).encode() in command and b"local_worker" in command:  # a server may have it as well
                found.append(process)
    return found
