"""What must not be in a corpus: a licence that is unknown or forbids it, a missing source, a drawing that changed.

It knows rows, packages and the notices that travel with the weights. It does not know pixels.
"""

from __future__ import annotations

import csv
import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import astuple
from pathlib import Path

from training.corpora.emoji import NAMES, STYLES, drawings
from training.corpora.npm import unpacked
from training.corpora.sprites import PERMITTED_LICENCES, Sprite

PINNED = Path(__file__).parents[1] / "sprites.digests"
"""Number and digest of each style's rows, as they were when the shipped weights learned from them."""
NOTICES = Path(__file__).parents[3] / "NOTICE.md"
"""Whose work the weights learned from, and on which terms; it is shipped with them."""


def faults(rows: Sequence[Sprite], packages: Path, pinned: Path = PINNED, notices: Path = NOTICES) -> list[str]:
    """Every reason not to train on a built cache, in words; none where all is well.

    packages: folder of unpacked packages.
    """
    return [
        *_of_rows(rows),
        *_of_statements(packages),
        *_of_notices(notices.read_text(encoding="utf-8")),
        *_of_drawings(rows, packages),
        *_of_pins(digests(rows), read_pins(pinned)),
    ]


def digests(rows: Iterable[Sprite]) -> dict[str, tuple[int, str]]:
    """Number of rows and SHA-256 over them, by style. The digests of the drawings are columns of the rows."""
    styles: dict[str, list[str]] = {}
    for row in rows:
        styles.setdefault(row.style, []).append("\t".join(str(value) for value in astuple(row)))
    return {
        style: (len(lines), hashlib.sha256("\n".join(lines).encode()).hexdigest()) for style, lines in styles.items()
    }


def read_pins(path: Path) -> dict[str, tuple[int, str]]:
    """What `digests` was, from the file that `write_pins` wrote."""
    with path.open(encoding="utf-8", newline="") as file:
        return {row["style"]: (int(row["sprites"]), row["sha256"]) for row in csv.DictReader(file, delimiter="\t")}


def write_pins(path: Path, found: Mapping[str, tuple[int, str]]) -> None:
    """Pins rows as they are: only right when the weights are trained anew."""
    lines = ["style\tsprites\tsha256", *(f"{style}\t{count}\t{digest}" for style, (count, digest) in found.items())]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


def _of_rows(rows: Iterable[Sprite]) -> Iterator[str]:
    seen: set[str] = set()
    for row in rows:
        if row.licence not in PERMITTED_LICENCES:
            yield f"{row.key}: licence {row.licence!r} does not permit training"
        if missing := [name for name in ("package", "version", "source", "sha256", "name") if not getattr(row, name)]:
            yield f"{row.key}: no {', '.join(missing)}"
        if row.key in seen:
            yield f"{row.key}: listed twice"
        seen.add(row.key)


def _of_statements(packages: Path) -> Iterator[str]:
    """The packages' own word on their licence."""
    for package in (NAMES, *STYLES.values()):
        stated = json.loads((unpacked(package, packages) / "package.json").read_bytes()).get("license")
        if stated != package.licence:
            yield f"{package.name}: says its licence is {stated!r}, our table says {package.licence!r}"


def _of_notices(text: str) -> Iterator[str]:
    for package in (NAMES, *STYLES.values()):
        if f"`{package.name}`" not in text or package.source not in text or package.licence not in text:
            yield f"{package.name}: no notice of its name, source and licence travels with the weights"


def _of_drawings(rows: Sequence[Sprite], packages: Path) -> Iterator[str]:
    for style in STYLES:
        made = drawings(style, packages)
        for row in rows:
            if row.style == style and hashlib.sha256(made.get(row.code, b"")).hexdigest() != row.sha256:
                yield f"{row.key}: the package holds another drawing than the manifest says"


def _of_pins(found: Mapping[str, tuple[int, str]], pinned: Mapping[str, tuple[int, str]]) -> Iterator[str]:
    for style in sorted(found.keys() | pinned.keys()):
        (count, digest), (wanted, pin) = found.get(style, (0, "")), pinned.get(style, (0, ""))
        if digest != pin:
            yield f"{style}: {count} rows of sha256 {digest or 'none'}, pinned are {wanted} of {pin or 'none'}"
