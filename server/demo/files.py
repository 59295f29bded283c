"""The files that the demo screens: one real photograph, and what people do to photographs.

Knows how to make them from the packaged photograph. Knows nothing of what will be found.
"""

from __future__ import annotations

import io
from pathlib import Path

from PIL import Image, ImageFilter
from PIL.PngImagePlugin import PngInfo

PHOTOGRAPH = Path(__file__).parent / "jaguars.jpg"
JAGUAR = (160, 225, 475, 625)
"""The left animal in the photograph: left, upper, right, lower, pixels."""
BESIDE = (700, 235)
"""Where its copy goes."""
CHUNK = (
    "three jaguars on a rock, golden hour, 85mm\n"
    "Negative prompt: blurry\n"
    "Steps: 30, Sampler: DPM++ 2M, CFG scale: 7, Seed: 1234, Size: 512x512, Model: sd_v1.5"
)


def jpeg(picture: Image.Image, quality: int) -> bytes:
    """The picture as JPEG."""
    buffer = io.BytesIO()
    picture.save(buffer, "JPEG", quality=quality)
    return buffer.getvalue()


def photograph() -> bytes:
    """The photograph as its author published it, reduced."""
    return PHOTOGRAPH.read_bytes()


def copy_moved() -> bytes:
    """A third jaguar: the left one, pasted once more with a soft edge, saved as JPEG 92."""
    picture = Image.open(PHOTOGRAPH).convert("RGB")
    animal = picture.crop(JAGUAR)
    edge = Image.new("L", animal.size, 0)
    edge.paste(255, (6, 6, animal.width - 6, animal.height - 6))
    picture.paste(animal, BESIDE, edge.filter(ImageFilter.GaussianBlur(3)))
    return jpeg(picture, 92)


def generator_chunk() -> bytes:
    """A PNG with the text chunk that a Stable Diffusion program leaves; the pixels are the photograph's."""
    text = PngInfo()
    text.add_text("parameters", CHUNK)
    buffer = io.BytesIO()
    Image.open(PHOTOGRAPH).resize((512, 342)).save(buffer, "PNG", pnginfo=text)
    return buffer.getvalue()


def known() -> bytes:
    """The picture that the demo puts on the list of known content: the photograph's lower right, alone."""
    return jpeg(Image.open(PHOTOGRAPH).convert("RGB").crop((512, 100, 1024, 612)), 95)


def known_again() -> bytes:
    """The listed picture after somebody saved it at JPEG quality 70: other bytes, same look."""
    return jpeg(Image.open(io.BytesIO(known())), 70)


def small() -> bytes:
    """A small copy of the photograph, worth enlarging."""
    return jpeg(Image.open(PHOTOGRAPH).convert("RGB").resize((384, 256), Image.Resampling.LANCZOS), 92)


def shared(data: bytes) -> bytes:
    """The file as it comes back from a messenger: its edges cut off, saved anew, and no credentials left."""
    picture = Image.open(io.BytesIO(data)).convert("RGB")
    edge = picture.height // 16
    return jpeg(picture.crop((edge, edge, picture.width - edge, picture.height - edge)), 75)


def altered(data: bytes) -> bytes:
    """The file with one byte changed, two thirds in, where JPEG keeps pixels."""
    changed = bytearray(data)
    place = len(data) * 2 // 3
    while changed[place] in (0x00, 0xFE, 0xFF) or changed[place - 1] == 0xFF:
        place += 1
    changed[place] ^= 0x01
    return bytes(changed)
