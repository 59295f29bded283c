"""How much media one message may carry."""

from __future__ import annotations

from collections.abc import Mapping

from core.errors import LimitExceeded

MAX_UNARY = 32 * 1024 * 1024
"""Bytes of media in one message; ScreenStream takes more, in chunks."""


def oversize(size: int, limit: int = MAX_UNARY) -> LimitExceeded | None:
    """The error for media of `size` bytes, None where it is within `limit`."""
    if size <= limit:
        return None
    return LimitExceeded(
        f"media of {size} bytes; at most {limit} are accepted here",
        field="media",
        limit=f"{limit} bytes",
        found=f"{size} bytes",
    )


def oversize_together(sizes: Mapping[str, int], limit: int = MAX_UNARY) -> LimitExceeded | None:
    """The error for several pictures in one message, naming the largest; None where all are within `limit`."""
    total = sum(sizes.values())
    if total <= limit:
        return None
    largest = max(sizes, key=lambda name: sizes[name])
    message = f"pictures of {total} bytes; at most {limit} are accepted here, all together"
    return LimitExceeded(message, field=largest, limit=f"{limit} bytes", found=f"{total} bytes")
