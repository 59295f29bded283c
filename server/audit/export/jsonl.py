"""JSON Lines: one decision a line, in the shape that every `--json` of the command line has.

The shape belongs to the API, whose caller hands it in; this module knows lines.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeAlias

from server.audit.entries.entry import Recorded
from server.audit.reading.queries import History

View: TypeAlias = Callable[[Recorded], Mapping[str, Any]]
"""A recorded decision as the API shows it."""


class JsonLines:
    """Holds nothing back."""

    wants_events = False

    def __init__(self, view: View) -> None:
        self._view = view

    def add(self, histories: Sequence[History]) -> bytes:
        """A line for each."""
        return b"".join(json.dumps(self._view(history.decision)).encode() + b"\n" for history in histories)

    def end(self) -> bytes:
        """Nothing."""
        return b""
