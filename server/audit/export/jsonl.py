"""JSON Lines: one decision a line, in the shape that every `--json` of the command line has.

The shape has one owner, `countersign.views.decision_json`; so a line here is what `log show --json` prints.
"""

from __future__ import annotations

import json
from collections.abc import Sequence

from countersign.views import decision_json
from server import convert
from server.audit.reading.queries import History


class JsonLines:
    """Holds nothing back."""

    wants_events = False

    def add(self, histories: Sequence[History]) -> bytes:
        """A line for each."""
        views = (decision_json(convert.decision(history.decision)) for history in histories)
        return b"".join(json.dumps(view).encode() + b"\n" for view in views)

    def end(self) -> bytes:
        """Nothing."""
        return b""
