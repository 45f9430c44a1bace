"""Pictures in a request: what the stand-in endpoint sees of them, what they cost, and how one can break its rules.

What is taken and what it costs follows OpenAI's documents (Images and vision): PNG, JPEG, WebP and GIF of at most
20 MB, 50 MB in all; 85 tokens for a picture, and 170 for each square of 512 pixels once its shorter side has 768.
"""

import base64
import binascii
import io
import math
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from PIL import Image, UnidentifiedImageError

FORMATS = ("PNG", "JPEG", "WEBP", "GIF")
LARGEST, MOST = 20_000_000, 50_000_000  # bytes of one, and of all
DATA = re.compile(r"data:image/(?P<format>[a-z0-9.+-]+);base64,")


class NoPicture(Exception):
    """A part holds no picture that can be seen; the error's code, and its sentence."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture as it is seen: its format, its size in pixels, and its bytes' number."""

    format: str
    width: int
    height: int
    size: int

    @property
    def tokens(self) -> int:
        """What it costs."""
        scale = min(1.0, 2048 / max(self.width, self.height))
        scale = min(scale, 768 / min(self.width * scale, self.height * scale) * scale)
        squares = (math.ceil(length * scale / 512) for length in (self.width, self.height))
        return 85 + 170 * math.prod(squares)


def picture(part: dict[str, Any]) -> Picture:
    """Return the picture of an `image_url` part; raise NoPicture where it holds none."""
    place = part.get("image_url")
    url = place.get("url") if isinstance(place, dict) else None
    if not isinstance(url, str):
        raise NoPicture("invalid_image_url", "Invalid type for 'image_url': expected an object with a url.")
    head = DATA.match(url)
    if head is None:
        raise NoPicture("invalid_image_url", "Failed to download image: this endpoint reaches no other host.")
    try:
        content = base64.b64decode(url[head.end() :], validate=True)
    except binascii.Error:
        raise NoPicture("invalid_base64", "Invalid base64 image_url.") from None
    seen = _seen(content)
    if len(content) > LARGEST or seen is None or head["format"].replace("jpg", "jpeg") != seen.format.lower():
        names = [name.lower() for name in FORMATS]
        raise NoPicture(
            "invalid_image_format",
            "You uploaded an unsupported image. Please make sure your image is below 20 MB in size and is of one the "
            f"following formats: {names}.",
        )
    return seen


def _seen(content: bytes) -> Picture | None:
    try:
        with Image.open(io.BytesIO(content), formats=FORMATS) as image:
            return Picture(image.format or "", image.width, image.height, len(content))
    except (UnidentifiedImageError, OSError, ValueError):
        return None


def parts(messages: list[dict[str, Any]]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield each `image_url` part of a prompt, with the name of its place."""
    for index, message in enumerate(messages):
        content = message.get("content")
        for place, part in enumerate(content if isinstance(content, list) else []):
            if isinstance(part, dict) and part.get("type") == "image_url":
                yield f"messages.[{index}].content.[{place}]", part


def pictures(messages: list[dict[str, Any]]) -> list[Picture]:
    """Return the pictures of a prompt that keeps the rules."""
    return [picture(part) for _, part in parts(messages)]
