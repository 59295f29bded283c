"""One job for a worker, and the views in its answer. Knows the form of both, and not how they travel."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from core.media import View
from core.sandbox.memory import read_arrays
from core.sandbox.wire import malformed

Answer: TypeAlias = Callable[[bytes], bytes]
"""Answers what a parser asks."""


@dataclass(frozen=True, eq=False, slots=True)
class Trip:
    """One job. parsers: the first one's failure fails the trip; the others' failures are told in their views."""

    parsers: Sequence[str]
    blobs: Sequence[bytes]
    mime: str
    options: Mapping[str, Any] = field(default_factory=dict)
    answer: Answer | None = None


def views_of(
    head: Mapping[str, Any], parsers: Sequence[str], memory: NDArray[np.uint8], file: bytes = b""
) -> dict[str, View]:
    """The views of a reply, one for each of `parsers`.

    memory: uint8, shape (n,): all that the worker wrote. file: the result that it wrote, which is the first parser's.
    Raises ParserFailed where the reply is malformed.
    """
    answered = head.get("views")
    if not isinstance(answered, dict) or set(answered) != set(parsers):
        raise malformed("other views than were asked for")
    return {name: _view(answered[name], memory, file if name == parsers[0] else b"") for name in parsers}


def file_size(head: Mapping[str, Any]) -> int:
    """The size of the result that a worker wrote, in bytes; 0 for none. Raises ParserFailed for anything else."""
    size = head.get("file", 0)
    if type(size) is not int or size < 0:
        raise malformed("a file of no size")
    return size


def _view(described: Any, memory: NDArray[np.uint8], file: bytes) -> View:
    if not isinstance(described, dict):
        raise malformed("a view is no object")
    facts, error = described.get("facts"), described.get("error")
    if not isinstance(facts, dict) or not isinstance(error, str):
        raise malformed("a view without facts and error")
    return View(facts=facts, arrays=read_arrays(described.get("arrays"), memory), error=error, file=file)
