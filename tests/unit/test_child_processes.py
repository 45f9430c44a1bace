"""The programs that work on recordings beside the bot: one in mid-job ends with the bot, and with its job.

A recording here is a pipe from which nothing comes: whoever reads it is in mid-job until they end, and the pipe's other
end shows when they do.
"""

import asyncio
import os
import resource
import select
import subprocess
import sys
import time
from asyncio.subprocess import DEVNULL
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from pathlib import Path

import pytest

from core.child_process import OPEN_FILES
from core.confinement import ARCHITECTURES, landlock_version
from core.errors import EndpointFailing, ModelSilent
from core.llm.settings import TranscriptionSettings
from core.spending.charge import Charge, Payer
from core.voice.local import PROGRAM, LocalWhisper
from tests.support.sound_files import WEATHER, sound

HEARD = Charge("transcription")

ROOT = Path(__file__).parents[2]
# faster-whisper and its numpy are not needed: the stand-in hears the same in every recording, and fails where told to.
STAND_IN = f"""
import sys, types
class Samples(list):
    def astype(self, kind):
        return self
    def __truediv__(self, other):
        return self
class WhisperModel:
    def __init__(self, name, **options):
        if name == "absent":
            raise OSError("no such model")
        assert options["compute_type"] == "int8"
        self.model = types.SimpleNamespace(is_multilingual=not name.endswith(".en"))
    def transcribe(self, samples, **options):
        assert len(samples) > 16_000
        assert options["vad_filter"]
        if options["task"] == "translate":
            raise RuntimeError("no translation")
        figures = dict(no_speech_prob=0.0, avg_logprob=-0.1, compression_ratio=1.0)
        return [types.SimpleNamespace(text={WEATHER!r}, **figures)], None
sys.modules["numpy"] = types.SimpleNamespace(
    int16=None, float32=None, frombuffer=lambda block, kind: block, concatenate=lambda blocks: Samples(b"".join(blocks))
)
sys.modules["faster_whisper"] = types.SimpleNamespace(WhisperModel=WhisperModel)
{PROGRAM}
"""
INSPECT = """
async def work(path):
    async with AudioWorker().open_process(("T1", "U1")) as process:
        await process.inspect(path, 600.0)
"""
TRANSCRIBE = f"""
async def work(path):
    local = LocalWhisper(TranscriptionSettings(local_whisper="base"), {{}}, {STAND_IN!r})
    await local.transcribe(path, "transcriptions", HEARD)
"""
BOT = """
import asyncio, pathlib, sys
from core.llm.settings import TranscriptionSettings
from core.spending.charge import Charge
from core.voice.local import LocalWhisper
from core.voice.worker import AudioWorker
HEARD = Charge("transcription")
"""


@asynccontextmanager
async def pipe_read_by(path: Path) -> AsyncIterator[select.poll]:
    """Wait until somebody reads the pipe; give what tells that they have ended."""
    writer = await asyncio.wait_for(asyncio.to_thread(os.open, path, os.O_WRONLY), 90)
    try:
        ended = select.poll()
        ended.register(writer, 0)
        assert not ended.poll(0)
        yield ended
    finally:
        os.close(writer)


@pytest.fixture
def pipe(tmp_path: Path) -> Path:
    """Return a recording that does not come."""
    path = tmp_path / "recording"
    os.mkfifo(path)
    return path


@pytest.mark.parametrize("work", [INSPECT, TRANSCRIBE])
async def test_a_program_in_mid_job_ends_with_the_bot(pipe: Path, work: str) -> None:
    """Which was killed, and could tell it nothing."""
    program = f"{BOT}{work}\nasyncio.run(work(pathlib.Path(sys.argv[1])))"
    bot = await asyncio.create_subprocess_exec(sys.executable, "-c", program, str(pipe), cwd=ROOT, stderr=DEVNULL)
    async with pipe_read_by(pipe) as ended:
        bot.kill()
        await bot.wait()
        assert await asyncio.to_thread(ended.poll, 90_000)


@asynccontextmanager
async def whisper(model: str = "base", seconds: float = 120.0) -> AsyncIterator[LocalWhisper]:
    """Give a transcriber on this machine that runs the stand-in."""
    local = LocalWhisper(TranscriptionSettings(local_whisper=model, timeout=seconds), {}, STAND_IN)
    try:
        yield local
    finally:
        await local.close()


async def test_a_local_transcript_that_is_no_longer_wanted_ends_its_program_at_once(pipe: Path) -> None:
    """As when the bot is stopped: nothing is waited for."""
    async with whisper() as local:
        transcript = asyncio.create_task(local.transcribe(pipe, "transcriptions", HEARD))
        async with pipe_read_by(pipe) as ended:
            transcript.cancel()
            with suppress(asyncio.CancelledError):
                await transcript
            assert ended.poll(0)


async def test_a_local_transcriber_hears_one_recording_after_the_other(tmp_path: Path) -> None:
    """A fault ends its own job; the next one is done."""
    path = tmp_path / "recording"
    path.write_bytes(sound("weather.ogg"))
    async with whisper() as local:
        assert await local.transcribe(path, "transcriptions", HEARD) == WEATHER
        with pytest.raises(EndpointFailing, match="no translation"):
            await local.transcribe(path, "translations", HEARD)
        assert await local.transcribe(path, "transcriptions", HEARD) == WEATHER


async def test_a_local_transcript_that_takes_too_long_is_given_up_and_its_program_ends(pipe: Path) -> None:
    """By CONFAB_TRANSCRIBE_TIMEOUT, while the program waits for a recording that does not come."""
    async with whisper(seconds=0.01) as local:
        with pytest.raises(ModelSilent):
            await local.transcribe(pipe, "transcriptions", HEARD)


async def test_a_model_that_knows_english_only_is_warned_of_once(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """With the setting to change; a multilingual one is not."""
    path = tmp_path / "recording"
    path.write_bytes(sound("weather.ogg"))
    for model in ("base.en", "base"):
        async with whisper(model) as local:
            await asyncio.gather(*(local.transcribe(path, "transcriptions", HEARD) for _ in range(2)))
    log = capsys.readouterr().out
    assert log.count("transcriber knows English only") == 1
    assert "CONFAB_LOCAL_WHISPER" in log


async def test_people_take_turns_at_a_local_transcriber(tmp_path: Path) -> None:
    """Whoever sends many recordings is not listened to before all others; one that gives nothing frees its place."""
    path, done = tmp_path / "recording", list[str]()
    path.write_bytes(sound("weather.ogg"))
    pipes = [tmp_path / f"pipe {number}" for number in range(2)]
    ada, grace = (Charge("transcription", Payer("slack", "T1", person=person)) for person in ("U1", "U2"))

    async def hear(local: LocalWhisper, name: str, charge: Charge) -> None:
        await local.transcribe(path, "transcriptions", charge)
        done.append(name)

    async with whisper() as local, AsyncExitStack() as held:
        for pipe in pipes:
            os.mkfifo(pipe)
        silent = [asyncio.create_task(local.transcribe(pipe, "transcriptions", ada)) for pipe in pipes]
        for pipe in pipes:
            await held.enter_async_context(pipe_read_by(pipe))
        waiting = [hear(local, f"ada {number}", ada) for number in range(3)]
        waiting.append(hear(local, "grace", grace))
        tasks = [asyncio.create_task(each) for each in waiting]
        await asyncio.sleep(0)
        silent[0].cancel()
        await asyncio.gather(*tasks)
        silent[1].cancel()
        await asyncio.gather(*silent, return_exceptions=True)
    assert done[0] == "grace"
    assert len(done) == 4


async def test_a_model_that_is_not_there_is_a_fault_of_the_transcriber(tmp_path: Path) -> None:
    """Its own words are for the log."""
    async with whisper("absent") as local:
        with pytest.raises(EndpointFailing, match="no such model"):
            await local.transcribe(tmp_path / "recording", "transcriptions", HEARD)


BEYOND = {
    "a file over its bound": "open(sys.argv[1], 'wb', 0).write(bytes(101)); open(sys.argv[1], 'ab', 0).write(b'x')",
    "processor time without end": "\nwhile True: pass",
    "memory": "bytearray(2 * 1024**3)",
    "many open files": "files = [open(sys.argv[1], 'wb') for _ in range(100)]",
}


@pytest.mark.parametrize("work", BEYOND.values(), ids=BEYOND)
async def test_a_program_that_goes_beyond_its_bounds_ends(tmp_path: Path, work: str) -> None:
    """By an error of its own or by a signal, and what it wrote is no longer than it may be."""
    begin = "import sys; from core.child_process import limit_resources; "
    program = f"{begin}limit_resources(seconds=1, memory=1024**3, written=100); {work}"
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", program, tmp_path / "out", cwd=ROOT, stdout=DEVNULL, stderr=DEVNULL
    )
    async with asyncio.timeout(60):
        assert await process.wait() != 0
    assert (tmp_path / "out").stat().st_size <= 100 if (tmp_path / "out").exists() else True


READ = "from core.files.readers.program import main; main('text', sys.argv[1])"
HEAR = "from core.voice.probe import main; main()"


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells another process's limits")
@pytest.mark.parametrize("begin", [READ, HEAR])
def test_the_programs_that_read_files_and_recordings_keep_to_bounds(begin: str) -> None:
    """Before anything comes in."""
    command = [sys.executable, "-c", f"import sys; {begin}", str(os.getpid())]
    until = time.monotonic() + 30
    with subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=DEVNULL) as process:  # noqa: S603 - our own program
        while resource.prlimit(process.pid, resource.RLIMIT_NOFILE)[1] != OPEN_FILES and time.monotonic() < until:
            time.sleep(0.01)
        kinds = (resource.RLIMIT_CPU, resource.RLIMIT_AS, resource.RLIMIT_FSIZE, resource.RLIMIT_NOFILE)
        limits = [resource.prlimit(process.pid, kind)[1] for kind in kinds]
        process.kill()
    assert resource.RLIM_INFINITY not in limits
    assert limits[-1] == OPEN_FILES


# What a parser that was taken over would do next, in a process that may write below one place, and in one that may not.
FORBIDDEN = {
    "look for the network": "socket.socket()",
    "speak to a process beside it": "socket.socketpair()",
    "look for the network by another way": "socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)",
    "run a program": "os.execv('/bin/true', ['true'])",
    "begin a process": "os.fork()",
    "begin a process by a library": "subprocess.run(['/bin/true'])",
    "begin a process in one call": "os.posix_spawn('/bin/true', ['true'], {})",
    "end the bot": "os.kill(os.getppid(), 0)",
    "end the bot by one of its threads": "call_system({'x86_64': 200, 'aarch64': 130}, os.getppid(), 0)",
    "end the bot by a thread of its process": "call_system({'x86_64': 234, 'aarch64': 131}, *[os.getppid()] * 2, 0)",
    "take the bot's bounds": "resource.prlimit(os.getppid(), resource.RLIMIT_CPU)",
    "share memory with another program": "call_system({'x86_64': 29, 'aarch64': 194}, 0, 4096, 0o600)",
    "write a file": "open(outside + '/new', 'w')",
    "write to a file": "open(outside + '/own', 'a')",
    "shorten a file": "os.truncate(outside + '/own', 0)",
    "take a file away": "os.unlink(outside + '/own')",
    "put a file elsewhere": "os.rename(outside + '/own', inside + '/taken')",
    "give a file another name": "os.link(outside + '/own', inside + '/linked')",
    "let others read a file": "os.chmod(outside + '/own', 0o777)",
}
UNREADABLE = {  # where the kernel has Landlock
    "read the bot's environment": "open(f'/proc/{os.getppid()}/environ').read()",
    "read its memory": "open(f'/proc/{os.getppid()}/mem')",
    "read a file of the operator's": "open(outside + '/own').read()",
    "read the system's people": "open('/etc/passwd').read()",
    "read what lies beside the code": f"open({str(ROOT / 'pyproject.toml')!r}).read()",
    "list a folder": "os.listdir(outside)",
}
ALLOWED = {
    "know its own bounds": "resource.getrlimit(resource.RLIMIT_CPU)",
    "begin a thread": "threading.Thread(target=print).start()",
    "import a module": "__import__('xml.dom.minidom')",
    "read its own place": "open(inside + '/given').read()",
}
CONFINED = """
import ctypes, os, resource, socket, subprocess, sys, threading
from pathlib import Path
from core.confinement import confine_process
def call_system(numbers, *arguments):
    if ctypes.CDLL(None).syscall(ctypes.c_long(numbers[os.uname().machine]), *map(ctypes.c_long, arguments)) < 0:
        raise OSError
outside, inside, writable, *acts = sys.argv[1:]
confine_process([Path(inside)], [Path(inside)] if writable else [])
if writable:
    open(inside + '/made', 'w').write('a')
for act in acts:
    try:
        eval(act)
        print("done")
    except OSError:
        print("refused")
"""
ON_LINUX = pytest.mark.skipif(
    sys.platform != "linux" or os.uname().machine not in ARCHITECTURES, reason="only Linux has seccomp"
)


@ON_LINUX
@pytest.mark.parametrize("writable", ["", "yes"])
def test_a_confined_program_reaches_no_network_no_program_and_no_file_but_its_own(
    tmp_path: Path, writable: str
) -> None:
    """Each act is refused with a sentence of the system's, and what reading needs still goes."""
    outside, inside = tmp_path / "outside", tmp_path / "inside"
    for folder, name in ((outside, "own"), (inside, "given")):
        folder.mkdir()
        (folder / name).write_text("secret")
    refused = {**FORBIDDEN, **(UNREADABLE if landlock_version() > 0 else {})}
    acts = {**refused, **ALLOWED}
    command = [sys.executable, "-c", CONFINED, str(outside), str(inside), writable, *acts.values()]
    ran = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True, timeout=60)  # noqa: S603 - our own program
    told = dict(zip(acts, filter(None, ran.stdout.split("\n")), strict=True))
    assert {name for name, how in told.items() if how == "refused"} == set(refused)
    assert (outside / "own").read_text() == "secret"


@ON_LINUX
@pytest.mark.parametrize(("begin", "job"), [(READ, b""), (HEAR, b'{"do": "look", "path": "/nowhere/recording"}\n')])
def test_the_programs_that_read_files_and_recordings_are_confined(begin: str, job: bytes) -> None:
    """Before they look at what came in."""
    command = [sys.executable, "-c", f"import sys; {begin}", str(os.getpid())]
    until = time.monotonic() + 30
    with subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=DEVNULL, bufsize=0) as process:  # noqa: S603 - our own program
        assert process.stdin
        process.stdin.write(job)
        status = Path(f"/proc/{process.pid}/status")
        while "Seccomp:\t2" not in status.read_text() and time.monotonic() < until:
            time.sleep(0.01)
        told = status.read_text()
        process.kill()
    assert "Seccomp:\t2" in told
    assert "NoNewPrivs:\t1" in told
