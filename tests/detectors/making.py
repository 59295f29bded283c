"""Media for detectors: read by the real parsers, in this process, because what they read here is our own."""

from __future__ import annotations

import io
import warnings
from pathlib import Path
from typing import Any

import av
import numpy as np
from av.video.stream import VideoStream
from PIL import Image, PngImagePlugin

from core.limits import Limits
from core.media import Media, Pixels, digest_of
from core.parsers import jpeg, pixels, tags, thumbnail
from core.sandbox.assembly import assemble
from core.sandbox.contract import Request
from core.sniff import sniff
from detectors import film_hashes
from detectors.base import Evidence
from detectors.films import parser as film_timeline

PHOTOGRAPHS = Path(__file__).parents[1] / "media"
PROMPT = "a lighthouse of glass, zebra-striped sea"
A1111 = f"{PROMPT}\nNegative prompt: blurry\nSteps: 20, Sampler: Euler a, CFG scale: 7, Seed: 42, Model: some-model"


def media(data: bytes) -> Media:
    """As `Sandbox.open` would make it, with every view."""
    kind, mime = sniff(data)
    request = Request((data,), mime, Limits())
    parsers = {"pixels": pixels.parse, "tags": tags.parse, "jpeg": jpeg.parse, "film_hashes": film_hashes.parse}
    parsers["film_timeline"] = film_timeline.parse
    parsers["thumbnail"] = thumbnail.parse
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Pillow's, about files that are odd on purpose
        read = {name: parse(request) for name, parse in parsers.items()}
    return assemble(data, kind, mime, digest_of(data), read)


def photograph(name: str) -> Pixels:
    """A photograph of tests/media, RGB."""
    with Image.open(PHOTOGRAPHS / f"{name}.jpg") as picture:
        return np.asarray(picture.convert("RGB"), dtype=np.uint8)


def coded(picture: Pixels | Image.Image, kind: str = "PNG", **options: Any) -> bytes:
    """The picture as a file of Pillow's format `kind`."""
    buffer = io.BytesIO()
    image = picture if isinstance(picture, Image.Image) else Image.fromarray(picture)
    image.save(buffer, kind, **options)
    return buffer.getvalue()


def halved(name: str) -> Pixels:
    """A photograph at half size, which takes away most of its own compression."""
    with Image.open(PHOTOGRAPHS / f"{name}.jpg") as picture:
        small = picture.convert("RGB").resize((picture.width // 2, picture.height // 2), Image.Resampling.LANCZOS)
        return np.asarray(small, dtype=np.uint8)


def drawn(evidence: Evidence) -> Pixels:
    """A grey evidence picture, (h, w)."""
    with Image.open(io.BytesIO(evidence.data), formats=("PNG",)) as picture:
        return np.asarray(picture.convert("L"), dtype=np.uint8)


def film_of(*pictures: Pixels) -> bytes:
    """An MP4 with these pictures of one size, both sides even, one a second."""
    buffer = io.BytesIO()
    with av.open(buffer, "w", format="mp4") as container:
        stream = container.add_stream("libx264", rate=1)
        assert isinstance(stream, VideoStream)
        stream.height, stream.width = pictures[0].shape[:2]
        stream.pix_fmt = "yuv420p"
        for picture in pictures:
            container.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")))
        container.mux(stream.encode(None))
    return buffer.getvalue()


def with_chunks(picture: Pixels, **chunks: str) -> bytes:
    """A PNG with text chunks."""
    info = PngImagePlugin.PngInfo()
    for key, value in chunks.items():
        info.add_text(key, value)
    return coded(picture, "PNG", pnginfo=info)


def xmp_packet(body: str) -> bytes:
    """An XMP packet around RDF properties."""
    return (
        '<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
        '<rdf:Description xmlns:Iptc4xmpExt="http://iptc.org/std/Iptc4xmpExt/2008-02-29/" '
        f'xmlns:xmp="http://ns.adobe.com/xap/1.0/">{body}</rdf:Description></rdf:RDF></x:xmpmeta>'
    ).encode()
