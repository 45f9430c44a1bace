"""A model's file that Confab serves itself: a process that loads it, answers, and is started again when it ends."""

import asyncio
import os
import signal
from pathlib import Path

import pytest

from core.errors import SettingsError
from core.llm.client import OpenAI, open_client
from core.llm.local_model import PROGRAM, serve_local_model
from core.llm.settings import ModelSettings
from core.messages import PromptMessage
from tests.support.asking import ASKED

# In place of llama.cpp: a server at a port of its own, which says who it is, and loads no file that is bad.
STAND_IN = """
import http.server, json, os, threading
from types import SimpleNamespace

class Answer(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        self.rfile.read(int(self.headers["Content-Length"]))
        message = {"role": "assistant", "content": str(os.getpid())}
        body = json.dumps({"choices": [{"index": 0, "message": message, "finish_reason": "stop"}]}).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

def CommonParams():
    return SimpleNamespace(model=SimpleNamespace(path=""), port=0)

class Server:
    def __init__(self, options):
        if b"bad" in open(options.model.path, "rb").read():
            raise RuntimeError("Failed to init server, please check the input params.")
        server = http.server.ThreadingHTTPServer((options.hostnames[0], options.port), Answer)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        self.listening_address = f"http://127.0.0.1:{server.server_address[1]}"
"""


@pytest.fixture
def program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """Return a program that finds the stand-in where llama.cpp would be installed."""
    folder = tmp_path / "installed"
    folder.mkdir()
    (folder / "xllamacpp.py").write_text(STAND_IN)
    monkeypatch.syspath_prepend(str(folder))
    return f"import sys; sys.path.insert(0, {str(folder)!r}); {PROGRAM}"


def model_file(folder: Path, content: bytes = b"GGUF and so on") -> ModelSettings:
    """Return the settings that name a file with this content."""
    path = folder / "tiny.Q4.gguf"
    path.write_bytes(content)
    return ModelSettings(local_model=str(path), base_url="", retry_deadline=30.0)


async def ask(options: ModelSettings) -> int:
    """Return the process that answers."""
    async with open_client(options) as client:
        return int(await OpenAI(options, client).fetch_answer([PromptMessage("user", "Who are you?")], ASKED))


async def test_a_file_is_served_under_its_name_and_ends_with_us(tmp_path: Path, program: str) -> None:
    """At an address on the loopback, without a key."""
    async with serve_local_model(model_file(tmp_path), {}, program) as served:
        assert served.base_url.startswith("http://127.0.0.1:")
        assert (served.model, served.api_key, served.local_model) == ("tiny.Q4", "", "")
        process = await ask(served)
        os.kill(process, 0)
    with pytest.raises(ProcessLookupError):
        os.kill(process, 0)


async def test_one_that_ends_is_started_again_at_its_address(tmp_path: Path, program: str) -> None:
    """The question that is on its way meanwhile is answered by the next."""
    async with serve_local_model(model_file(tmp_path), {}, program, pause=0.0) as served:
        first = await ask(served)
        os.kill(first, signal.SIGKILL)
        async with asyncio.timeout(60):
            assert await ask(served) != first


async def test_what_cannot_be_served_is_said_in_a_sentence(tmp_path: Path, program: str) -> None:
    """A file that is not there, one of another kind, and one that llama.cpp cannot load."""
    missing = ModelSettings(local_model=str(tmp_path / "none.gguf"))
    faults = {
        "cannot be read (No such file": missing,
        "no model in the form GGUF": model_file(tmp_path, b"PK\x03\x04"),
    }
    for fault, options in faults.items():
        with pytest.raises(SettingsError, match=fault.replace("(", r"\(")):
            await serve_local_model(options, {}, program).__aenter__()
    with pytest.raises(SettingsError, match="cannot be loaded: Failed to init"):
        await serve_local_model(model_file(tmp_path, b"GGUF bad"), {}, program).__aenter__()


async def test_without_such_a_setting_nothing_is_started() -> None:
    """The settings are used as they are."""
    options = ModelSettings(base_url="http://mine/v1")
    async with serve_local_model(options, {}, "raise SystemExit") as served:
        assert served is options
