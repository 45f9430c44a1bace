"""Pictures, made as small as models look at them.

What goes out is a line of its media type, width and height, and then the picture in base64. It stands upright, and
carries none of what a camera noted beside the pixels, such as where it was taken.
"""

import base64
import io
import math

from PIL import Image, ImageOps

FORMATS = ("PNG", "JPEG", "WEBP", "GIF")
PIXELS = 64_000_000  # of the file, which a camera's largest pictures have
LONGEST, AREA = 1568, 1_150_000  # pixels: what is larger, the models' own servers make smaller (Claude docs, Vision)
MOST = 512 * 1024  # bytes of a PNG; what takes more is a photo, which a JPEG holds in less
QUALITY = 85


def open_upright(content: bytes) -> tuple[Image.Image, str]:
    """Return a file's picture, of a moving one the first, and in which kind to write it; raises where it holds none."""
    image = Image.open(io.BytesIO(content), formats=FORMATS)
    if image.width * image.height > PIXELS:
        raise ValueError("too many pixels")
    image.draft("RGB", (2 * LONGEST, 2 * LONGEST))  # a large JPEG is read at a fraction of its size
    kind = "JPEG" if image.format in {"JPEG", "MPO"} else "PNG"
    return ImageOps.exif_transpose(image), kind


def scale_down(image: Image.Image) -> Image.Image:
    """Return the picture in a size that models look at, in colours that both kinds of file know."""
    scale = min(1.0, LONGEST / max(image.size), math.sqrt(AREA / (image.width * image.height)))
    flat = image.convert("RGBA" if image.has_transparency_data else "RGB")
    width, height = (max(1, int(length * scale)) for length in image.size)
    return flat if scale == 1.0 else flat.resize((width, height), Image.Resampling.LANCZOS)


def encode_picture(image: Image.Image, kind: str) -> bytes:
    """Return a picture's file; in a JPEG, what is transparent becomes white."""
    file = io.BytesIO()
    if kind == "JPEG" and image.mode == "RGBA":
        image = Image.alpha_composite(Image.new("RGBA", image.size, "white"), image).convert("RGB")
    image.save(file, kind, quality=QUALITY, optimize=True)
    return file.getvalue()


def shrink_picture(content: bytes) -> bytes:
    """Return a line of media type, width and height, and then the picture in base64; raises where there is none."""
    image, kind = open_upright(content)
    image = scale_down(image)
    encoded = encode_picture(image, kind)
    if kind == "PNG" and len(encoded) > MOST:
        kind, encoded = "JPEG", encode_picture(image, "JPEG")
    return f"image/{kind.lower()} {image.width} {image.height}\n".encode() + base64.b64encode(encoded)
