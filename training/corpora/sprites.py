"""Builds the cache of sprites: drawings on nothing, with names, tags, skin tones and genders.

    python -m training.corpora.sprites [--cache DIR]

Each drawing becomes a PNG of 128×128 px with transparency, and a row of `sprites.tsv` beside them with its package,
licence and digest. The module does not know what the pictures are used for.
"""

from __future__ import annotations

import argparse
import csv
import hashlib
import io
from collections.abc import Iterable
from dataclasses import astuple, dataclass, fields
from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import Image

from core.errors import ConfigurationError
from training.corpora.emoji import STYLES, Emoji, drawings, emoji
from training.corpora.photographs import DEFAULT_CACHE

SIDE = 128
"""Pixels of a sprite's sides."""
PERMITTED_LICENCES = frozenset({"MIT", "Apache-2.0", "LicenseRef-public-domain", "CC0-1.0"})
"""SPDX identifiers of licences under which a drawing may train a shipped weight."""


@dataclass(frozen=True, slots=True)
class Sprite:
    """One drawing in the cache. key: style and code, unique. sha256: of the drawing as packaged, hex.

    The other fields are as in `Emoji`; tags are joined by spaces.
    """

    key: str
    style: str
    code: str
    name: str
    tags: str
    group: int
    tone: int
    gender: str
    package: str
    version: str
    licence: str
    source: str
    sha256: str


COLUMNS = tuple(field.name for field in fields(Sprite))


def build(cache: Path) -> tuple[Sprite, ...]:
    """Stores what is missing, writes `sprites.tsv`, returns its rows. Needs npm and resvg.

    Raises ConfigurationError for a package under a licence that is not permitted.
    """
    known = {each.code: each for each in emoji(cache / "packages")}
    rows: list[Sprite] = []
    for style in STYLES:
        made = drawings(style, cache / "packages")
        rows += [_build_one(cache, style, known[code], made[code]) for code in known if code in made]
    write(manifest(cache), rows)
    return tuple(rows)


def manifest(cache: Path) -> Path:
    """Where the rows of the cache lie."""
    return cache / "sprites" / "sprites.tsv"


def read(cache: Path) -> tuple[Sprite, ...]:
    """The rows of a built cache. Raises ConfigurationError, saying what to run, where there is none."""
    path = manifest(cache)
    if not path.is_file():
        raise ConfigurationError(f"there is no {path}: run python -m training.corpora.sprites")
    with path.open(encoding="utf-8", newline="") as file:
        return tuple(_sprite(row) for row in csv.DictReader(file, delimiter="\t"))


def pixels(cache: Path, sprite: Sprite) -> npt.NDArray[np.uint8]:
    """RGBA, (128, 128, 4); colours of transparent pixels are black."""
    with Image.open(picture(cache, sprite.style, sprite.code)) as drawn:
        return np.array(drawn.convert("RGBA"), dtype=np.uint8)


def _build_one(cache: Path, style: str, each: Emoji, drawing: bytes) -> Sprite:
    package = STYLES[style]
    if package.licence not in PERMITTED_LICENCES:
        raise ConfigurationError(f"{package.name}: licence {package.licence!r} does not permit training")
    path = picture(cache, style, each.code)
    if not path.is_file():
        store(path, _rasterise(drawing))
    return Sprite(
        f"{style}:{each.code}",
        style,
        each.code,
        each.name,
        " ".join(each.tags),
        each.group,
        each.tone,
        each.gender,
        package.name,
        package.version,
        package.licence,
        package.source,
        hashlib.sha256(drawing).hexdigest(),
    )


def _rasterise(drawing: bytes) -> Image.Image:
    """A drawing, SVG or WebP, in 128×128 RGBA."""
    if drawing.startswith(b"<svg"):
        import resvg_py

        # Without the machine's fonts: a drawing is to be the same on every machine, and none of these holds text.
        drawing = bytes(
            resvg_py.svg_to_bytes(svg_string=drawing.decode(), width=2 * SIDE, height=2 * SIDE, skip_system_fonts=True)
        )
    with Image.open(io.BytesIO(drawing)) as picture:
        # Premultiplied, or the black behind what is transparent would seep into the edges.
        return picture.convert("RGBa").resize((SIDE, SIDE), Image.Resampling.BOX).convert("RGBA")


def picture(cache: Path, style: str, code: str) -> Path:
    """Where a drawing's pixels lie."""
    return cache / "sprites" / style / f"{code}.png"


def store(path: Path, pixels: Image.Image) -> None:
    """Writes a drawing as PNG, whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_suffix(".partial")
    pixels.save(partial, format="PNG")
    partial.replace(path)


def write(path: Path, rows: Iterable[Sprite]) -> None:
    """Writes a manifest of drawings, whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_suffix(".partial")
    with partial.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, delimiter="\t", lineterminator="\n")
        writer.writerow(COLUMNS)
        writer.writerows(astuple(row) for row in rows)
    partial.replace(path)


def _sprite(row: dict[str, str]) -> Sprite:
    return Sprite(**(row | {"group": int(row["group"]), "tone": int(row["tone"])}))  # type: ignore[arg-type]


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(prog="python -m training.corpora.sprites", description=__doc__)
    parser.add_argument("--cache", type=Path, default=DEFAULT_CACHE)
    rows = build(parser.parse_args().cache)
    for style, package in STYLES.items():
        count = sum(row.style == style for row in rows)
        print(f"{style:8} {count:5} sprites  {package.name} {package.version}  {package.licence}")


if __name__ == "__main__":
    main()
