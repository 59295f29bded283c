"""Opens the files of a listing as the server opens uploads, and tells what could not be used and why.

Whoever measures a detector takes files from anywhere: they are decoded in the sandbox, within the server's limits.
"""

from __future__ import annotations

import stat
from collections.abc import Collection
from dataclasses import dataclass, field
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from core.errors import CountersignError, InvalidInput, LimitExceeded, Unavailable
from core.limits import Limits
from core.media import Kind, Media
from core.sandbox import Sandbox
from training.evaluation.detecting.listing import Row
from training.evaluation.detecting.looking import Sample
from training.evaluation.detecting.normal import normal, window

_WHITE = 127


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A file that took no part. line: of the listing."""

    line: int
    file: str
    reason: str


@dataclass(slots=True)
class Opener:
    """views: parsers that the detectors read. normalise: bring every picture to one size and encoding first.

    left_out: grows with every file that cannot be used.
    """

    sandbox: Sandbox
    views: Collection[str]
    normalise: bool
    limits: Limits = field(default_factory=Limits)
    left_out: list[LeftOut] = field(default_factory=list)

    async def sample(self, row: Row) -> Sample | None:
        """The row's picture; None, and a line in `left_out`, for one that cannot be read. A mask that cannot be used is
        told in the same way, and the picture stays.
        """
        try:
            media = await self._picture(row.path)
        except (InvalidInput, LimitExceeded) as error:
            self.left_out.append(LeftOut(row.line, row.name, error.message))
            return None
        mask = None if row.mask is None else await self._mask(row, media)
        if not self.normalise:
            return Sample(media, mask)
        again = await self.sandbox.open(normal(media.frames()[0].pixels), self.views)
        return Sample(again, None if mask is None else _marked(window(mask.astype(np.uint8) * 255, cv2.INTER_AREA)))

    async def delivered(self, data: bytes) -> Media | None:
        """A file that was made here; None where the sandbox refuses it, as for its size."""
        try:
            return await self.sandbox.open(data, self.views)
        except Unavailable:
            raise
        except CountersignError:
            return None

    async def _picture(self, path: Path) -> Media:
        media = await self.sandbox.open(_bytes_of(path, self.limits.max_bytes), self.views)
        if media.kind is not Kind.IMAGE:
            raise InvalidInput(f"is {media.mime}, not a picture", field="file", limit="a picture", found=media.mime)
        return media

    async def _mask(self, row: Row, media: Media) -> NDArray[np.bool_] | None:
        """What is white in the row's mask; None where it cannot be used."""
        path = row.mask
        try:
            if path is None:
                return None
            drawn = await self._picture(path)
            mask = _marked(drawn.frames()[0].pixels.max(axis=2))
            if (drawn.width, drawn.height) != (media.width, media.height):
                found, wanted = f"{drawn.width}×{drawn.height}", f"{media.width}×{media.height}"
                raise InvalidInput(f"has {found} pixels, the picture {wanted}", field="mask", limit=wanted, found=found)
        except (InvalidInput, LimitExceeded) as error:
            self.left_out.append(LeftOut(row.line, path.name if path else "", f"mask: {error.message}"))
            return None
        return mask


def _marked(grey: NDArray[np.uint8]) -> NDArray[np.bool_] | None:
    """None where nothing is white: in an untouched picture there is nothing to find."""
    white = grey > _WHITE
    return white if white.any() else None


def _bytes_of(path: Path, limit: int) -> bytes:
    """A regular file's content. Raises InvalidInput and LimitExceeded."""
    try:
        status = path.stat()
        if not stat.S_ISREG(status.st_mode):
            raise InvalidInput("is not a file", field="file", limit="a file", found=path.name)
        if status.st_size > limit:
            found = str(status.st_size)
            message = f"has {found} bytes, allowed are {limit}"
            raise LimitExceeded(message, field="file", limit=str(limit), found=found)
        return path.read_bytes()
    except OSError as error:
        raise InvalidInput(f"cannot be read: {error.strerror}", field="file", found=path.name) from error
    except ValueError as error:  # a name that no system knows, as with a zero byte
        raise InvalidInput(f"cannot be read: {error}", field="file", found=path.name) from error
