"""What the benchmark signs: a small and a large photograph, and films of any size."""

from __future__ import annotations

import io
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from PIL import Image

PHOTOGRAPH = Path(__file__).parents[2] / "media" / "mountains.jpg"
FRAMES = 12
SIDES = (1920, 1080)


def photograph(width: int, height: int) -> bytes:
    """A JPEG of a photograph, stretched to these pixels."""
    buffer = io.BytesIO()
    with Image.open(PHOTOGRAPH) as picture:
        picture.convert("RGB").resize((width, height), Image.Resampling.LANCZOS).save(buffer, "JPEG", quality=92)
    return buffer.getvalue()


def film(size: int) -> bytes:
    """An MP4 of at least `size` bytes: a few frames of noise, encoded once, over and over."""
    packets = noise_packets()
    buffer = io.BytesIO()
    with av.open(buffer, "w", format="mp4") as container:
        stream = container.add_stream("mpeg4", rate=24)
        stream.width, stream.height = SIDES
        stream.pix_fmt = "yuv420p"
        written = at = 0
        while written < size:
            packet = av.Packet(packets[at % len(packets)])
            packet.stream, packet.pts, packet.dts = stream, at, at
            packet.time_base, packet.is_keyframe = Fraction(1, 24), True
            container.mux(packet)
            written, at = written + packet.size, at + 1
    return buffer.getvalue()


def noise_packets() -> list[bytes]:
    """Frames of noise, each on its own."""
    context = av.CodecContext.create("mpeg4", "w")
    context.width, context.height = SIDES
    context.pix_fmt, context.time_base, context.gop_size, context.bit_rate = "yuv420p", Fraction(1, 24), 1, 200_000_000
    generator = np.random.default_rng(0)
    packets = []
    for _ in range(FRAMES):
        pixels = generator.integers(0, 256, (SIDES[1], SIDES[0], 3), np.uint8)
        packets += [bytes(packet) for packet in context.encode(av.VideoFrame.from_ndarray(pixels, format="rgb24"))]
    return packets
