"""An order on its way: all that is settled about it before anything is made.

Knows what belongs together. Does nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from policies.base import Decision
from server import record
from server.audit import Recorded
from server.examination import Context, Examination
from server.finishing.marks import Marks
from server.previews import Previews
from server.requests import Order, Request


@dataclass(frozen=True, eq=False, slots=True)
class Work:
    """An order whose intent is on the record. asked: what the policy said of it. given: the examined pictures that came
    with it, by name. marks: what a decision has drawn and declared.
    """

    request: Request
    context: Context
    order: Order
    asked: Decision
    given: Mapping[str, Examination]
    intent: Recorded
    marks: Callable[[Decision], Marks]
    previews: Previews

    def making(self) -> dict[str, Any]:
        """How it was made, for the record: with all previews that there will be, once these are closed."""
        intent = self.intent.index
        said = record.making_json(self.order, stage="output", asked=self.asked, intent_index=intent, given=self.given)
        return said | self.previews.json
