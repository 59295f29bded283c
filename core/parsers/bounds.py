"""What a file declares, held against `Limits` before anything is decoded. Knows no format."""

from __future__ import annotations

from core.errors import CorruptMedia, LimitExceeded
from core.limits import Limits


def check_size(width: int, height: int, limits: Limits) -> None:
    """Raises LimitExceeded for too many pixels, CorruptMedia for none."""
    if width < 1 or height < 1:
        raise CorruptMedia("the picture has no pixels", field="media", limit="1", found=f"{width}×{height}")
    if max(width, height) > limits.max_side:
        raise exceeded("side", "longest side", limits.max_side, max(width, height))
    if width * height > limits.max_pixels:
        raise exceeded("pixels", "number of pixels", limits.max_pixels, width * height)


def check_frames(frames: int, limits: Limits) -> None:
    """Raises LimitExceeded for too many frames."""
    if frames > limits.max_frames:
        raise exceeded("frames", "number of frames", limits.max_frames, frames)


def check_duration(seconds: float, limits: Limits) -> None:
    """Raises LimitExceeded for too long a film."""
    if seconds > limits.max_duration:
        raise exceeded("duration", "duration in seconds", limits.max_duration, f"{seconds:.1f}")


def exceeded(name: str, words: str, limit: float, found: float | str) -> LimitExceeded:
    """The error for a declared size. name: behind "media." its field. words: what people call it."""
    return LimitExceeded(
        f"the {words} is {found}, allowed is {limit}", field=f"media.{name}", limit=str(limit), found=str(found)
    )
