"""What the probes learn from and are measured on: pictures with their truth, their source and what they show.

Photographs come from the corpus that packages carry, drawings by hand from Open Clip Art, and pictures by generators
from a folder with a manifest, which also holds photographs. `subjects.tsv` says, of the folder's files that look like
photographs, what they show: it was written by looking at each. Nothing is fitted here.
"""

from __future__ import annotations

import csv
import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from PIL import Image

from core.errors import ConfigurationError, InvalidInput, LimitExceeded
from core.media import Pixels
from training.corpora import clipart
from training.corpora.debian import DebianPackages
from training.corpora.manifest import Split
from training.corpora.photographs import load_split
from training.corpora.sprites import PERMITTED_LICENCES
from training.corpora.svg import Rasteriser

SUBJECTS = Path(__file__).with_name("subjects.tsv")
PERMITTED = frozenset({"MIT", "Apache-2.0", "CC0", "permissive (ISC-like, workflows)"})
"""Licences, as the folder's manifest writes them, under which its pictures may train."""
DRAWING = "drawing"
_DRAWN = 512  # pixels of a drawing's sides
_LONGEST = 1280  # as the corpus of photographs has it
_OF_NAMES = {"animal": "animal", "farm": "animal", "wildlife": "animal", "monument": "street"}
_TINTS = ((255, 255, 255), (244, 240, 230), (214, 228, 240), (60, 64, 72))


@dataclass(frozen=True, eq=False, slots=True)
class Picture:
    """pixels: RGB uint8. made: whether by a generator. generator: its name, "" for those of people. source: the
    collection that it comes from: pictures of one are alike in more than their truth. subject: what it shows where it
    is, or looks like, a photograph; "drawing" otherwise. name: unique.
    """

    name: str
    pixels: Pixels
    made: bool
    generator: str
    source: str
    subject: str


def photographs(cache: Path, split: Split) -> Iterator[Picture]:
    """Of the corpus. Raises FileNotFoundError before it is built."""
    for name, pixels in load_split(cache, split).items():
        kind = name.partition("-")[0]
        yield Picture(f"{split}/{name}", pixels, False, "", "packages", _OF_NAMES.get(kind, "scenery"))


def drawings(cache: Path, count: int) -> Iterator[Picture]:
    """The first `count` by digest that permit it, on plain grounds."""
    made = 0
    packages = DebianPackages(cache / "packages")
    members = packages.members(clipart.PACKAGE, clipart.VERSION, clipart.FOLDER)
    with Rasteriser(_DRAWN) as rasteriser:
        for member in sorted(members, key=lambda each: hashlib.sha256(each.encode()).digest()):
            if made == count:
                return
            data = packages.read(clipart.PACKAGE, clipart.VERSION, member) if member.endswith(".svg") else b""
            try:
                if clipart.said(data).licence not in PERMITTED_LICENCES:
                    continue
                ground = Image.new("RGBA", (_DRAWN, _DRAWN), _TINTS[made % len(_TINTS)])
                ground.alpha_composite(rasteriser.draw(data))
            except (InvalidInput, LimitExceeded):
                continue
            made += 1
            pixels = np.asarray(ground.convert("RGB"), np.uint8)
            yield Picture(f"drawing/{member}", pixels, False, "", "openclipart", DRAWING)


def collected(folder: Path) -> Iterator[Picture]:
    """Of a folder with `manifest.tsv` (file, label, generator, repo, licence, sha256), those that permit training.

    Raises ConfigurationError for a file that is another than the manifest says.
    """
    subjects = _rows(SUBJECTS)
    shows = {row["file"]: row["subject"] for row in subjects}
    for row in _rows(folder / "manifest.tsv"):
        if row["licence"] not in PERMITTED:
            continue
        data = (folder / row["file"]).read_bytes()
        if hashlib.sha256(data).hexdigest() != row["sha256"]:
            raise ConfigurationError(f"{row['file']} is another file than the manifest of the collection says")
        made = row["label"] == "ai"
        generator = row["generator"] if made else ""
        subject = shows.get(row["file"], DRAWING)
        yield Picture(row["file"], _decoded(folder / row["file"]), made, generator, row["repo"], subject)


def _decoded(path: Path) -> Pixels:
    with Image.open(path) as picture:
        pixels = np.asarray(picture.convert("RGB"), np.uint8)
    factor = _LONGEST / max(pixels.shape[:2])
    if factor >= 1:
        return pixels
    size = (round(pixels.shape[1] * factor), round(pixels.shape[0] * factor))
    return np.asarray(cv2.resize(pixels, size, interpolation=cv2.INTER_AREA), np.uint8)


def _rows(path: Path) -> list[dict[str, str]]:
    try:
        with path.open(encoding="utf-8", newline="") as file:
            return list(csv.DictReader(file, delimiter="\t"))
    except OSError as error:
        raise ConfigurationError(f"cannot read {path.name}: {error.strerror}") from error


def attributions(folder: Path) -> dict[tuple[str, str], dict[str, int]]:
    """Of a collection, by repository and licence: how many pictures by which generator; "photographs" of people's."""
    found: dict[tuple[str, str], dict[str, int]] = {}
    for row in _rows(folder / "manifest.tsv"):
        if row["licence"] in PERMITTED:
            counts = found.setdefault((row["repo"], row["licence"]), {})
            generator = row["generator"] if row["label"] == "ai" else "photographs"
            counts[generator] = counts.get(generator, 0) + 1
    return found
