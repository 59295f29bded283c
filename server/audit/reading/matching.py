"""Whether an entry is what a filter asks for, by its leaf. Pure; knows no SQL.

The index proposes, the leaf decides: terms of the index may collide, and some filters have no term at all.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from server.audit.entries.entry import Recorded
from server.audit.entries.state import ReviewState


@dataclass(frozen=True, slots=True)
class Filter:
    """Decisions that fulfil everything that is set. "" and None: any.

    since: recorded at or after. until: recorded before. action: as first decided, 0 for any. detector: it detected
    something. label: that was detected. reason_code: of a rule that fired. state: where the decision stands now.
    min_score, max_score: a finding lies between them, both included, by its probability where it has one and else by
    its score; of `detector` or `label` where they are set, whether it counts as detected or not.
    """

    since: datetime | None = None
    until: datetime | None = None
    action: int = 0
    detector: str = ""
    label: str = ""
    reason_code: str = ""
    media_digest: str = ""
    subject: str = ""
    state: ReviewState | None = None
    min_score: float | None = None
    max_score: float | None = None

    @property
    def by_score(self) -> bool:
        """Whether scores are looked at."""
        return self.min_score is not None or self.max_score is not None


def matches(recorded: Recorded, tenant: str, wanted: Filter) -> bool:
    """Whether `recorded` is a decision of `tenant` that `wanted` asks for."""
    if recorded.kind != "decision" or recorded.tenant != tenant:
        return False
    leaf = json.loads(recorded.leaf)
    subject = recorded.private.get("subject")
    return (
        (wanted.since is None or recorded.recorded_at >= wanted.since)
        and (wanted.until is None or recorded.recorded_at < wanted.until)
        and wanted.action in (0, leaf["facets"]["action"])
        and wanted.media_digest in ("", leaf["media_digest"])
        and (not wanted.subject or (subject is not None and subject.value == wanted.subject))
        and (wanted.state is None or (recorded.state is not None and recorded.state.review is wanted.state))
        and _names(leaf["facets"], wanted)
        and (not wanted.by_score or any(_in_range(each, wanted) for each in leaf.get("findings", ())))
    )


def _names(facets: Mapping[str, Any], wanted: Filter) -> bool:
    """Detectors, labels and codes. With a range of scores, detector and label say whose score is meant."""
    named = [(wanted.reason_code, "codes")]
    if not wanted.by_score:
        named += [(wanted.detector, "detected"), (wanted.label, "labels")]
    return all(not value or value in _strings(facets.get(name)) for value, name in named)


def _in_range(finding: Mapping[str, Any], wanted: Filter) -> bool:
    value = finding.get("probability", finding.get("score"))
    return (
        wanted.detector in ("", finding.get("detector"))
        and wanted.label in ("", finding.get("label"))
        and isinstance(value, int | float)
        and (wanted.min_score is None or value >= wanted.min_score)
        and (wanted.max_score is None or value <= wanted.max_score)
    )


def _strings(values: Any) -> Iterable[str]:
    return values if isinstance(values, list) else ()
