"""The stand-in's ears refuse what OpenAI's refuse, and really listen."""

import io
from typing import Any

import aiohttp
import pytest

from deploy.sandbox.openai.listener import CAN_LISTEN
from deploy.sandbox.wire.server import Sandbox
from tests.support.sound_files import PICTURE, WEATHER, bomb, sound, wav

KEY = {"Authorization": "Bearer sk-test"}


async def sent(
    sandbox: Sandbox, content: bytes | None, name: str = "a.ogg", model: str = "whisper-1", task: str = "transcriptions"
) -> tuple[int, Any]:
    """Upload a recording; return the status and the body."""
    form = aiohttp.MultipartWriter("form-data")
    for field, value in (("model", model), ("response_format", "json")):
        if value:
            form.append(value).set_content_disposition("form-data", name=field)
    if content is not None:
        form.append(io.BytesIO(content)).set_content_disposition("form-data", name="file", filename=name)
    async with aiohttp.ClientSession() as session:
        url = f"{sandbox.openai_base_url}/audio/{task}"
        async with session.post(url, data=form, headers=KEY) as response:
            return response.status, await response.json()


@pytest.mark.skipif(not CAN_LISTEN, reason="its recogniser has no wheel for this interpreter")
@pytest.mark.parametrize("task", ["transcriptions", "translations"])
async def test_what_is_said_comes_back(sandbox: Sandbox, task: str) -> None:
    """As words, without a model that anybody pays for."""
    status, body = await sent(sandbox, sound("weather.ogg"), task=task)
    assert (status, body["text"]) == (200, WEATHER)


@pytest.mark.parametrize(
    ("content", "name", "status", "words"),
    [
        (sound("weather.ogg"), "a.opus", 400, "Unrecognized file format"),
        (sound("weather.ogg"), "noname", 400, "Unrecognized file format"),
        (sound("weather.ogg"), "a.m4a", 400, "could not be decoded"),
        (PICTURE, "a.ogg", 400, "could not be decoded"),
        (b"", "a.ogg", 400, "could not be decoded"),
        (b"OggS" + bytes(400), "a.ogg", 400, "corrupted or unsupported"),
        (wav(bytes(1600)), "a.wav", 400, "too short"),
        (wav(bytes(32_000 * 60)) + bytes(26_000_000), "a.wav", 413, "Maximum content size limit (26214400) exceeded"),
    ],
)
async def test_a_form_that_the_real_one_refuses_is_refused(
    sandbox: Sandbox, content: bytes, name: str, status: int, words: str
) -> None:
    """By the bytes, the name's ending and the size."""
    found, body = await sent(sandbox, content, name)
    assert found == status
    assert words in body["error"]["message"]


async def test_without_its_recogniser_it_is_an_endpoint_that_does_not_transcribe(sandbox: Sandbox) -> None:
    """What is scripted is said all the same, what is refused is refused, and the page is told."""
    sandbox.model.sounds.can_listen = False
    sandbox.model.sounds.script.append("as scripted")
    assert (await sent(sandbox, sound("weather.ogg")))[1]["text"] == "as scripted"
    assert (await sent(sandbox, wav(bytes(1600)), "a.wav"))[0] == 400
    with pytest.raises(aiohttp.ContentTypeError, match="404"):
        await sent(sandbox, sound("weather.ogg"))
    async with aiohttp.ClientSession() as session, session.get(f"{sandbox.url}/api/state") as response:
        assert (await response.json())["hears"] is False


async def test_a_file_and_a_model_are_asked_for(sandbox: Sandbox) -> None:
    """Each has its sentence."""
    assert "model parameter" in (await sent(sandbox, sound("weather.ogg"), model=""))[1]["error"]["message"]
    assert "'file'" in (await sent(sandbox, None))[1]["error"]["message"]


async def test_a_recording_that_is_too_long_is_refused(sandbox: Sandbox) -> None:
    """The newer models take 1,400 seconds."""
    sandbox.model.sounds.prose = "never heard"
    status, body = await sent(sandbox, bomb(24), "a.flac")
    assert status == 400
    assert "longer than 1400 seconds" in body["error"]["message"]


async def test_without_a_key_nobody_listens(sandbox: Sandbox) -> None:
    """As for chat."""
    async with aiohttp.ClientSession() as session:
        response = await session.post(f"{sandbox.openai_base_url}/audio/transcriptions", data={"model": "whisper-1"})
        assert response.status == 401
