"""What a sandboxed parser is: a function from `Request` to `core.media.View`.

    def parse(request: Request) -> View

It runs in a confined process: it cannot open files, sockets or processes, so its module MUST import at the top all
that it needs. A module may also define `warm() -> None`, which is called once before confinement, for libraries that
open files on first use.

A parser raises `core.errors.InvalidInput` or `LimitExceeded` for bad input. Facts MUST be JSON (no bytes), arrays
numpy of a plain number type. This module does not know how parsers are run.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, BinaryIO, TypeAlias, cast

from core.limits import Limits
from core.media import View
from core.sandbox.streams import Blobs


def _nobody(_question: bytes) -> bytes:
    """The answer where no caller listens."""
    return b""


@dataclass(frozen=True, eq=False, slots=True)
class Request:
    """One piece of work of a parser.

    blobs: what to parse, hostile. mime: as sniffed from the first blob, "" where no format of ours was found.
    options: JSON values: what the parser is always given, and on top what this caller gives it. ask: sends bytes to
    the caller outside the sandbox and returns its answer, as for a signature whose key must not come in here.
    result: a file to write; what is in it becomes the view's `file`. kept: what the parsers of one trip leave one
    another, so that what is dear is done once; it never leaves the process, and goes with the trip.
    """

    blobs: Sequence[bytes]
    mime: str
    limits: Limits
    options: Mapping[str, Any] = field(default_factory=dict)
    ask: Callable[[bytes], bytes] = _nobody
    result: BinaryIO = field(default_factory=io.BytesIO)
    kept: dict[str, Any] = field(default_factory=dict)

    def stream(self, number: int) -> BinaryIO:
        """A blob as a file to read, which copies nothing where that can be avoided."""
        if isinstance(self.blobs, Blobs):
            return cast("BinaryIO", self.blobs.stream(number))
        return io.BytesIO(self.blobs[number])


Parser: TypeAlias = Callable[[Request], View]
