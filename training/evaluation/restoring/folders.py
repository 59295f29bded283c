"""Pictures of any folder, one at a time, and what could not be used, by name and reason.

Any format that Pillow reads is a picture; everything is turned into RGB of 8 bits. These are the operator's own files:
uploads of others are opened in the sandbox only (`core.sandbox`).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from PIL import Image

from core.errors import InvalidInput
from training.metrics import Picture

_MARKS = re.compile(r"([_-]?(x\d|hr|lr|srf[_-]?\d))+$")
"""What sets of the field put at the end of a name: "babyx2", "img_001_SRF_2_LR"."""


@dataclass(slots=True)
class Folder:
    """The files directly in a folder that do not begin with a dot. field: the option that named it.

    skipped: what could not be read, with the reason, as far as the folder was read. crop: only the middle square of so
    many pixels is taken of each picture; 0 takes all. Raises InvalidInput for one that is not there or has no file.
    """

    path: Path
    option: str = "hr"
    crop: int = 0
    skipped: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if not self.files():
            raise InvalidInput(
                "no pictures to measure on", field=self.option, limit="a folder of pictures", found=str(self.path)
            )

    def files(self) -> list[Path]:
        """In order of name."""
        return sorted(path for path in self.path.glob("*") if path.is_file() and not path.name.startswith("."))

    def pictures(self) -> Iterator[tuple[str, Picture]]:
        """Every readable picture by file name. Raises InvalidInput after the last where there was none."""
        found = False
        for path in self.files():
            if (picture := self.read(path)) is not None:
                found = True
                yield path.name, _middle(picture, self.crop)
        if not found:
            raise InvalidInput("no file here is a picture", field=self.option, found=str(self.path))

    def read(self, path: Path) -> Picture | None:
        """RGB uint8 (h, w, 3); None, and a line in `skipped`, for a file that cannot be read."""
        try:
            with Image.open(path) as picture:
                return np.array(picture.convert("RGB"), dtype=np.uint8)  # a copy: torch warns of read-only arrays
        except (OSError, ValueError, SyntaxError, Image.DecompressionBombError, MemoryError) as error:
            self.skipped[path.name] = f"cannot be read: {error}"
            return None


def partners(small: Folder) -> Mapping[str, Path]:
    """The files of a folder of small pictures by the plain name of what they were made from."""
    return {plain(path): path for path in small.files()}


def plain(path: Path) -> str:
    """A file's name without its ending and the marks of the field: "babyx2.png" and "baby.png" are partners."""
    stem = path.stem.lower()
    return _MARKS.sub("", stem) or stem


def _middle(picture: Picture, side: int) -> Picture:
    if not side:
        return picture
    top, left = (max(length - side, 0) // 2 for length in picture.shape[:2])
    return picture[top : top + side, left : left + side]
