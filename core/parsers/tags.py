"""The `tags` parser: everything a file says about itself, as bounded text. It judges nothing and decodes no pixels.

Facts, all texts cut as `metadata.bounds` says:
    exif, xmp, iptc, text, container: {name: text}; sections that the file does not have are empty
    generation: {tool, prompt, negative_prompt, model} of a generator's own record, or None
    damaged: sections that exist and could not be read; cut: names of values that were shortened or left out
Arrays, uint8, only those that exist: exif (without thumbnail and layout), icc, xmp, for whoever writes new pixels
under the old metadata.
"""

from __future__ import annotations

import codecs
import io
import struct
import warnings
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFile, UnidentifiedImageError

from core.camera import RAW_FORMATS
from core.dicom.facts import MIME as DICOM
from core.media import View
from core.parsers import heif
from core.parsers.metadata import blocks, container, diffusion, exif, iptc, xmp
from core.parsers.metadata.bounds import MAX_BLOCK, MAX_ENTRIES, Budget
from core.sandbox.contract import Request
from core.srgb import srgb_profile

_Pairs = list[tuple[str, str]]
# What Pillow, struct and our readers raise on bytes that are not what they claim to be.
_DAMAGE = (OSError, ValueError, LookupError, TypeError, AttributeError, SyntaxError, struct.error, OverflowError)


@dataclass(slots=True)
class _Sections:
    """The sections of one file: whole for recognition, bounded for the facts."""

    budget: Budget = field(default_factory=Budget)
    damaged: list[str] = field(default_factory=list)
    facts: dict[str, Any] = field(default_factory=lambda: {n: {} for n in ("exif", "xmp", "iptc", "text", "container")})

    def read(self, name: str, pairs: Callable[[], Iterable[tuple[str, str]]]) -> _Pairs:
        """Reads one section into the facts; what came before any damage is kept."""
        kept: _Pairs = []
        try:
            for key, value in pairs():
                kept.append((key, value[:MAX_BLOCK]))
                if len(kept) > MAX_ENTRIES:
                    break
        except _DAMAGE:
            self.damaged.append(name)
        self.facts[name] = self.budget.section(name, kept)
        return kept

    def finish(self, texts: dict[str, str], **raw: bytes) -> View:
        """The view, once every section is read. `texts`: where a generator's record may stand."""
        record = diffusion.find(texts)
        arrays = {name: array for name, data in raw.items() if (array := self._array(name, data)) is not None}
        generation = record and {
            key: self.budget.text(f"generation.{key}", value) for key, value in asdict(record).items()
        }
        facts = {**self.facts, "generation": generation, "damaged": self.damaged, "cut": self.budget.cut}
        return View(facts=facts, arrays=arrays)

    def _array(self, name: str, data: bytes) -> NDArray[np.uint8] | None:
        if len(data) > MAX_BLOCK:
            self.budget.note(name)
            return None
        return np.frombuffer(data, np.uint8) if data else None


def warm() -> None:
    """Loads what Pillow and Python load at first use, while files can still be opened."""
    Image.init()
    heif.warm()
    for codec in exif.CODECS:
        codecs.lookup(codec)


def parse(request: Request) -> View:
    """The tags of the first blob. Those of a DICOM file are about a patient, and are read for nobody."""
    if request.mime == DICOM:
        return _Sections().finish({})
    return read(request.blobs[0], request.mime)


def read(data: bytes, mime: str) -> View:
    """The tags of `data`, whose sniffed type is `mime`. Content that cannot be read gives a view with an error."""
    try:
        with warnings.catch_warnings():
            # Pillow warns of odd EXIF and of sizes; the first is noted as damage, the second matters to pixels only.
            warnings.simplefilter("ignore")
            if mime in RAW_FORMATS:
                return _raw(data)
            return _video(data) if mime.startswith("video/") else _image(data, _formats(mime))
    except (UnidentifiedImageError, Image.DecompressionBombError, *_DAMAGE) as error:
        return View(error=f"the file's structure cannot be read ({type(error).__name__})")


def _video(data: bytes) -> View:
    sections = _Sections()
    packet = xmp.find(data)
    tags = sections.read("container", lambda: container.tags(data))
    if packet:
        sections.read("xmp", lambda: xmp.properties(packet))
    return sections.finish(dict(tags), xmp=packet)


def _raw(data: bytes) -> View:
    """Of a raw file: what its camera says of the photograph, and the profile of the picture that is made of it."""
    sections = _Sections()
    loaded = exif.of_camera(data)
    fields = sections.read("exif", lambda: exif.fields(loaded))
    named = {f"exif.{key}": value for key, value in fields}
    packet = xmp.find(data)
    properties = sections.read("xmp", lambda: xmp.properties(packet)) if packet else []
    named |= {f"xmp.{key}": value for key, value in properties}
    return sections.finish(named, exif=exif.without_thumbnail(loaded), icc=srgb_profile(), xmp=packet)


def _formats(mime: str) -> tuple[str, ...]:
    """What Pillow may take it for: it knows HEIF only once `warm` has told it of it."""
    return ("HEIF",) if mime == "image/heif" else blocks.FORMATS


def _image(data: bytes, formats: tuple[str, ...]) -> View:
    sections = _Sections()
    with Image.open(io.BytesIO(data), formats=formats) as image:
        found = blocks.of(image, data)
        fields, clean = _exif(image, data, sections)
        sections.read("iptc", lambda: iptc.records(image))
    properties = sections.read("xmp", lambda: xmp.properties(found.xmp)) if found.xmp else []
    texts = dict(sections.read("text", lambda: found.texts))
    named = {f"exif.{key}": value for key, value in fields} | {f"xmp.{key}": value for key, value in properties}
    if comment := named.get("exif.UserComment") or texts.get("comment"):
        texts.setdefault("parameters", comment)  # JPEG and WebP have no text chunks: the record goes here
    return sections.finish(named | texts, exif=clean, icc=found.icc, xmp=found.xmp)


def _exif(image: ImageFile.ImageFile, data: bytes, sections: _Sections) -> tuple[_Pairs, bytes]:
    """The EXIF section, and what of it can stand beside other pixels."""
    try:
        loaded = blocks.exif(image, data)
    except _DAMAGE:
        sections.damaged.append("exif")
        return [], b""
    fields = sections.read("exif", lambda: exif.fields(loaded))
    try:
        return fields, exif.without_thumbnail(loaded)
    except _DAMAGE:
        sections.budget.note("exif")
        return fields, b""
