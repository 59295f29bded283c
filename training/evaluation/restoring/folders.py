"""Pictures of any folder, one at a time, and what could not be used, by name and reason.

Any format that Pillow reads is a picture; everything is turned into RGB of 8 bits, and alpha is left out. These are the
operator's own files: uploads of others are opened in the sandbox only (`core.sandbox`).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError

from core.errors import InvalidInput
from core.parsers.samples import to_rgb
from training.evaluation.restoring.naming import originals
from training.metrics import Picture

_NAMED = 8  # folders that a message names


@dataclass(slots=True)
class Folder:
    """The files directly in a folder that do not begin with a dot. option: the option that named it.

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
                f"--{self.option}: no pictures to measure on: {_why_empty(self.path)}",
                field=self.option,
                limit="a folder of pictures",
                found=str(self.path),
            )

    def files(self) -> list[Path]:
        """In order of name."""
        return sorted(path for path in self.path.glob("*") if path.is_file() and not path.name.startswith("."))

    def originals(self) -> list[Path]:
        """Those that were not made from others of the folder, by their names."""
        return originals(self.files())

    def pictures(self) -> Iterator[tuple[str, Picture]]:
        """Every readable original by file name. Raises InvalidInput after the last where there was none."""
        found = False
        files, chosen = self.files(), self.originals()
        for path in files:
            if path not in chosen:
                self.skipped[path.name] = "its name says that it was made from another picture of the folder"
            elif (picture := self.read(path)) is not None:
                found = True
                yield path.name, _middle(picture, self.crop)
        if not found:
            first = next(iter(self.skipped.items()))
            raise InvalidInput(
                f"--{self.option}: none of the {len(files)} files in {self.path} is a picture that can be read; "
                f"{first[0]} {first[1]}",
                field=self.option,
                limit="a folder of pictures",
                found=str(self.path),
            )

    def read(self, path: Path) -> Picture | None:
        """RGB uint8 (h, w, 3), turned as EXIF says; None, and a line in `skipped`, for a file that cannot be read."""
        try:
            with Image.open(path) as picture:
                turned = ImageOps.exif_transpose(picture)
                return np.array(to_rgb(turned)[0], dtype=np.uint8)  # a copy: torch warns of read-only arrays
        except InvalidInput as error:
            self.skipped[path.name] = f"cannot be read: {error.message}"
        except UnidentifiedImageError:
            self.skipped[path.name] = "cannot be read: no picture of a known format"
        except (OSError, ValueError, SyntaxError, Image.DecompressionBombError, MemoryError) as error:
            self.skipped[path.name] = f"cannot be read: {error}"
        return None


def _why_empty(path: Path) -> str:
    if not path.exists():
        return f"there is no folder {path}"
    if not path.is_dir():
        return f"{path} is a file, not a folder"
    inside = sorted(each.name for each in path.glob("*") if each.is_dir() and not each.name.startswith("."))
    if inside:
        more = ", …" if len(inside) > _NAMED else ""
        return f"{path} holds folders only, name one of them: {', '.join(inside[:_NAMED])}{more}"
    return f"{path} is empty"


def _middle(picture: Picture, side: int) -> Picture:
    if not side:
        return picture
    top, left = (max(length - side, 0) // 2 for length in picture.shape[:2])
    return picture[top : top + side, left : left + side]
