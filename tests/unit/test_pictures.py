"""Pictures that people attach: the model is shown them, made smaller, for as long as prompts hold their message."""

import base64
import io
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image as Picture

from core.files.attachments import BLIND, LEFT_OUT, MOST_PICTURES, TOO_MANY, UNREADABLE, UNSEEN
from core.files.documents import Documents
from core.files.readers.picture import AREA, LONGEST
from core.policy import ChannelSettings, Policies
from core.prompt.ask import FEWER
from deploy.sandbox.openai.model import ModelRequest
from deploy.sandbox.wire.server import Sandbox
from tests.contract.platform_room import Room, answered, settled
from tests.support.bot import GENERAL, Setup, running
from tests.support.database import column
from tests.support.room import answered as answered_in_slack
from tests.support.room import answers, ask, mention

OWNER = ("T1", "U1")


def picture(kind: str = "PNG", size: tuple[int, int] = (64, 48), mode: str = "RGB", orientation: int = 1) -> bytes:
    """Return a picture's file; `orientation` is how its camera was held (Exif, tag 274)."""
    file, exif = io.BytesIO(), Picture.Exif()
    exif[274], exif[0x010E] = orientation, "taken at home"
    Picture.effect_mandelbrot(size, (-2, -1.5, 1, 1.5), 30).convert(mode).save(file, kind, exif=exif.tobytes())
    return file.getvalue()


def moving() -> bytes:
    """Return a GIF of two frames, of which the first is red."""
    file, first = io.BytesIO(), Picture.new("RGB", (20, 10), "red")
    first.save(file, "GIF", save_all=True, append_images=[Picture.new("RGB", (20, 10), "blue")])
    return file.getvalue()


def decoded(content: str) -> Picture.Image:
    """Return the picture that base64 holds."""
    return Picture.open(io.BytesIO(base64.b64decode(content)))


def parts(message: dict[str, Any]) -> tuple[str, list[str]]:
    """Return a message's text, and the addresses of its pictures."""
    content = message["content"]
    if isinstance(content, str):
        return content, []
    return content[0]["text"], [part["image_url"]["url"] for part in content[1:]]


async def upload(sandbox: Sandbox, text: str, files: Sequence[tuple[str, bytes]], thread: str | None = None) -> str:
    """Write into a channel or a thread of Slack with files; return the message."""
    ids = [await sandbox.workspace.upload(name, content, "application/octet-stream") for name, content in files]
    return await sandbox.workspace.say(GENERAL, mention(text), files=ids, thread_ts=thread)


def newest(request: ModelRequest) -> tuple[str, list[str]]:
    """Return the question of a request, and the addresses of its pictures."""
    return parts(request.messages[-1])


async def test_a_picture_is_shown_to_the_model_and_stays_in_the_conversation(room: Room) -> None:
    """The next prompt begins as this one did, to the byte; an edit of the question leaves its picture."""
    said = await room.share(f"{room.mention('the bot')} what is this?", "fractal.png", picture(), "image/png")
    assert "PNG, 64 by 48" in (await answered(room, said))[0]
    text, (url,) = newest(room.model.requests[0])
    assert text == "what is this?\n\n[picture fractal.png]"
    assert url.startswith("data:image/png;base64,")
    await room.go_on(said, "and now?")
    await answered(room, said, 2)
    before, after = (room.model.requests[number].messages for number in (0, 1))
    assert after[: len(before)] == before
    await room.edit(said, f"{room.mention('the bot')} what was that?")
    await settled(room)
    await room.go_on(said, "well?")
    await answered(room, said, 3)
    edited = next(message for message in room.model.requests[-1].messages if message["role"] == "user")
    assert parts(edited) == ("what was that?\n\n[picture fractal.png]", [url])


async def test_a_deleted_picture_is_gone_from_prompts_and_from_the_disk(room: Room, tmp_path: Path) -> None:
    """With the message that it came with."""
    said = await room.share(f"{room.mention('the bot')} what is this?", "fractal.png", picture(), "image/png")
    await answered(room, said)
    await settled(room)
    assert kept(tmp_path) == 1
    await room.delete(said)
    await settled(room)
    await room.go_on(said, "and now?")
    await answered(room, said, 2)
    assert not any(parts(message)[1] for message in room.model.requests[-1].messages)
    assert kept(tmp_path) == 0


async def test_a_picture_that_is_taken_out_of_its_message_is_gone_as_well(room: Room, tmp_path: Path) -> None:
    """The text stays; what is told of the picture goes with it."""
    said = await room.share(f"{room.mention('the bot')} what is this?", "fractal.png", picture(), "image/png")
    await answered(room, said)
    await settled(room)
    room.take_files_away(said)
    await settled(room)
    assert kept(tmp_path) == 0
    await room.go_on(said, "and now?")
    await answered(room, said, 2)
    question = next(message for message in room.model.requests[-1].messages if message["role"] == "user")
    assert parts(question) == ("what is this?", [])


async def test_a_broken_picture_costs_the_picture_and_not_the_answer(room: Room) -> None:
    """The person reads what was wrong with it."""
    said = await room.share(f"{room.mention('the bot')} look", "cat.png", picture()[:60], "image/png")
    assert UNREADABLE.strip("_")[:40] in (await answered(room, said))[0]
    assert newest(room.model.requests[0])[1] == []


def kept(folder: Path) -> int:
    """Return how many pictures are on disk."""
    return int(column(folder / "confab.db", "SELECT count(*) FROM images")[0])


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP", "GIF"])
async def test_every_kind_is_read(kind: str) -> None:
    """As PNG, or a photo as JPEG."""
    image = await Documents().read_picture(picture(kind), OWNER)
    assert image
    assert (image.media_type, image.width, image.height) == (f"image/{'jpeg' if kind == 'JPEG' else 'png'}", 64, 48)
    assert decoded(image.content).size == (64, 48)


async def test_a_large_picture_is_made_smaller_upright_and_without_what_its_camera_noted() -> None:
    """Such as where it was taken."""
    image = await Documents().read_picture(picture("JPEG", (3000, 2000), orientation=6), OWNER)
    assert image
    assert image.width < image.height <= LONGEST
    assert image.width * image.height <= AREA
    assert abs(image.height / image.width - 1.5) < 0.01
    assert not decoded(image.content).getexif()
    assert b"taken at home" not in base64.b64decode(image.content)


async def test_of_a_moving_picture_the_beginning_is_shown() -> None:
    """Endpoints take no others (OpenAI docs, Images and vision)."""
    image = await Documents().read_picture(moving(), OWNER)
    assert image
    assert decoded(image.content).convert("RGB").getpixel((5, 5)) == (255, 0, 0)


async def test_what_is_transparent_and_full_of_detail_becomes_a_photo_on_white() -> None:
    """A PNG of it would be too large to be sent again and again."""
    file, noise = io.BytesIO(), Picture.effect_noise((500, 500), 200).convert("RGBA")
    noise.putalpha(0)
    noise.putpixel((0, 0), (1, 2, 3, 255))
    Picture.merge("RGBA", [*(Picture.effect_noise((500, 500), 200) for _ in range(4))]).save(file, "PNG")
    image = await Documents().read_picture(file.getvalue(), OWNER)
    assert image
    assert image.media_type == "image/jpeg"


def huge() -> bytes:
    """Return a small PNG that claims to be 100,000 pixels wide and high."""
    content = bytearray(picture())
    content[16:24] = (100_000).to_bytes(4) * 2
    return bytes(content)


@pytest.mark.parametrize("content", [huge(), picture()[:60], picture("JPEG")[:100], b"", b"GIF89a", b"<svg/>"])
async def test_a_broken_picture_is_none(content: bytes) -> None:
    """Also one that would fill the memory."""
    assert await Documents().read_picture(content, OWNER) is None


@given(st.binary(max_size=100), st.sampled_from(["PNG", "JPEG", "WEBP", "GIF"]), st.integers(0, 200))
@settings(max_examples=5)
async def test_whatever_a_picture_holds_it_is_read_or_not(junk: bytes, kind: str, place: int) -> None:
    """The bot lives on."""
    content = picture(kind)
    image = await Documents().read_picture(content[:place] + junk + content[place + len(junk) :], OWNER)
    assert image is None or decoded(image.content).size == (image.width, image.height)


@pytest.mark.usefixtures("bot")
async def test_what_is_a_picture_is_told_by_its_bytes(sandbox: Sandbox) -> None:
    """Whatever its name says; what is none, or cannot be read, is named in a sentence."""
    files = [("notes.txt", picture()), ("cat.png", b"no picture at all"), ("dog.jpg", picture("JPEG")[:100])]
    thread = await upload(sandbox, "look", [*files, ("photo.heic", b"\0\0\0\x18ftypheic")])
    answer = (await answered_in_slack(sandbox, thread))[0]
    assert UNREADABLE in answer
    assert "`photo.heic`" in answer
    text, urls = newest(sandbox.model.requests[0])
    assert len(urls) == 1
    lines = text.split("\n\n")
    assert lines[1] == "[picture notes.txt]"
    labels = [line.split(": not read, since it ")[0] for line in lines[2:]]
    assert labels == ["[picture cat.png", "[picture dog.jpg", "[file photo.heic"]


@pytest.mark.usefixtures("bot")
async def test_of_many_pictures_the_first_are_shown(sandbox: Sandbox) -> None:
    """The model is told of the others."""
    thread = await upload(sandbox, "look", [(f"{number}.png", picture()) for number in range(MOST_PICTURES + 1)])
    assert (await answered_in_slack(sandbox, thread))[0].endswith(LEFT_OUT)
    text, urls = newest(sandbox.model.requests[0])
    assert len(urls) == MOST_PICTURES
    assert text.endswith(f"[picture {MOST_PICTURES}.png: {TOO_MANY}]")


async def test_a_model_that_sees_nothing_is_adapted_to_once_and_people_are_told(
    sandbox: Sandbox, tmp_path: Path
) -> None:
    """One refusal, unseen; from then on no picture is even fetched, and the conversation goes on."""
    sandbox.model.models = {"stand-in": frozenset({"text-only"})}
    async with running(sandbox, tmp_path / "confab.db"):
        thread = await upload(sandbox, "look", [("cat.png", picture())])
        assert (await answered_in_slack(sandbox, thread))[0].endswith(UNSEEN)
        await upload(sandbox, "and this?", [("dog.png", picture())], thread)
        assert (await answered_in_slack(sandbox, thread, 2))[1].endswith(UNSEEN)
        await sandbox.workspace.say(GENERAL, "well?", thread_ts=thread)
        assert UNSEEN not in (await answered_in_slack(sandbox, thread, 3))[2]
    assert [request.status for request in sandbox.model.requests] == [400, 200, 200, 200]
    assert parts(sandbox.model.requests[-1].messages[1]) == ("look\n\n[picture cat.png]", [])
    assert newest(sandbox.model.requests[2])[0] == f"and this?\n\n[picture dog.png: {BLIND[0]}]"
    assert kept(tmp_path) == 0


async def test_pictures_that_do_not_fit_the_window_are_left_out_and_people_are_told(
    sandbox: Sandbox, tmp_path: Path
) -> None:
    """The text comes before them."""
    async with running(sandbox, tmp_path / "confab.db", Setup(window=4_000)):
        large = picture(size=(1000, 1000), mode="L")
        thread = await upload(sandbox, "look", [(f"{number}.png", large) for number in range(4)])
        assert (await answered_in_slack(sandbox, thread))[0].endswith(FEWER)
    text, urls = newest(sandbox.model.requests[0])
    assert len(urls) in {1, 2}
    assert "[picture 3.png]" in text


async def test_pictures_go_with_the_cut(sandbox: Sandbox, tmp_path: Path) -> None:
    """Prompts show them as long as they hold their message; then nothing is left of them but the name."""
    async with running(
        sandbox, tmp_path / "confab.db", Setup(policies=Policies(ChannelSettings(history_tokens=4_000)))
    ):
        thread = await upload(sandbox, "look", [("cat.png", picture(size=(800, 800)))])
        await answered_in_slack(sandbox, thread)
        shown = []
        for number in range(2, 20):
            await sandbox.workspace.say(GENERAL, "and? " * 100, thread_ts=thread)
            await answered_in_slack(sandbox, thread, number)
            shown.append(any(parts(message)[1] for message in sandbox.model.requests[-1].messages))
            if not shown[-1]:
                break
        assert shown == [True] * (len(shown) - 1) + [False]
        assert len(shown) > 3
        await sandbox.workspace.say(GENERAL, "and?", thread_ts=thread)
        await answered_in_slack(sandbox, thread, len(shown) + 2)
        assert kept(tmp_path) == 0


async def test_a_conversation_without_pictures_keeps_none(sandbox: Sandbox, tmp_path: Path) -> None:
    """Nor is it asked for any."""
    async with running(sandbox, tmp_path / "confab.db"):
        thread = await ask(sandbox, "hello")
    assert len(answers(sandbox, thread)) == 1
    assert isinstance(sandbox.model.requests[0].messages[-1]["content"], str)
    assert kept(tmp_path) == 0
