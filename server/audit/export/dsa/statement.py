"""One statement of reasons as a value, checked against what the Transparency Database accepts.

Field names and rules are those of its API (July 2025). Where a statement comes from, and whether it is true, this
module does not know.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, fields
from datetime import date
from typing import Any

from core.errors import InvalidInput
from server.audit.export.dsa.vocabulary import (
    EARLIEST_APPLICATION,
    EARLIEST_CONTENT,
    EEA_CODES,
    LATEST,
    MAX_EXPLANATION,
    MAX_FACTS,
    MAX_GROUND,
    MAX_PUID,
    Automation,
    Category,
    ContentType,
    Ground,
    Source,
    Visibility,
    YesNo,
)

_PUID = re.compile(r"[a-zA-Z0-9_-]+")
_LENGTHS = {
    "decision_visibility_other": MAX_GROUND,
    "decision_ground_reference_url": MAX_GROUND,
    "illegal_content_legal_ground": MAX_GROUND,
    "illegal_content_explanation": MAX_EXPLANATION,
    "incompatible_content_ground": MAX_GROUND,
    "incompatible_content_explanation": MAX_EXPLANATION,
    "decision_facts": MAX_FACTS,
    "puid": MAX_PUID,
}
_NEEDED = {
    Ground.ILLEGAL: ("illegal_content_legal_ground", "illegal_content_explanation"),
    Ground.INCOMPATIBLE: ("incompatible_content_ground", "incompatible_content_explanation"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """A statement. Optional fields are None or empty. Raises InvalidInput, naming the field, for one that the database
    would refuse.
    """

    puid: str
    decision_visibility: tuple[Visibility, ...]
    decision_visibility_other: str | None = None
    end_date_visibility_restriction: date | None = None
    decision_facts: str
    decision_ground: Ground
    decision_ground_reference_url: str | None = None
    illegal_content_legal_ground: str | None = None
    illegal_content_explanation: str | None = None
    incompatible_content_ground: str | None = None
    incompatible_content_explanation: str | None = None
    incompatible_content_illegal: YesNo | None = None
    content_type: tuple[ContentType, ...]
    category: Category
    category_specification: tuple[str, ...] = ()
    territorial_scope: tuple[str, ...]
    content_date: date
    application_date: date
    source_type: Source
    automated_detection: YesNo
    automated_decision: Automation

    def __post_init__(self) -> None:
        for field, problem in self._problems():
            raise InvalidInput(f"the statement of reasons {self.puid} has {field} {problem}", field=field)

    def as_json(self) -> dict[str, Any]:
        """The object that the API takes; fields without a value are left out."""
        values = {field.name: getattr(self, field.name) for field in fields(self)}
        return {name: _plain(value) for name, value in values.items() if value not in (None, ())}

    def _problems(self) -> Iterator[tuple[str, str]]:
        for name in ("decision_visibility", "content_type", "territorial_scope"):
            if not getattr(self, name):
                yield name, "missing"
        if not self.decision_facts.strip():
            yield "decision_facts", "missing"
        if not _PUID.fullmatch(self.puid):
            yield "puid", "of other characters than letters, digits, - and _"
        if not EEA_CODES.issuperset(self.territorial_scope):
            yield "territorial_scope", "outside the European Economic Area"
        yield from self._wrong_lengths()
        yield from self._wrong_grounds()
        yield from self._wrong_dates()

    def _wrong_lengths(self) -> Iterator[tuple[str, str]]:
        for name, limit in _LENGTHS.items():
            found = getattr(self, name) or ""
            if len(found) > limit:
                yield name, f"of {len(found)} characters, {limit} are allowed"

    def _wrong_grounds(self) -> Iterator[tuple[str, str]]:
        for ground, names in _NEEDED.items():
            for name in names:
                if bool((getattr(self, name) or "").strip()) != (ground is self.decision_ground):
                    yield name, f"that does not go with {self.decision_ground}"
        if self.incompatible_content_illegal and self.decision_ground is Ground.ILLEGAL:
            yield "incompatible_content_illegal", f"that does not go with {self.decision_ground}"
        if (Visibility.OTHER in self.decision_visibility) != bool(self.decision_visibility_other):
            yield "decision_visibility_other", "without the restriction it describes, or the reverse"

    def _wrong_dates(self) -> Iterator[tuple[str, str]]:
        bounds = {
            "content_date": EARLIEST_CONTENT,
            "application_date": EARLIEST_APPLICATION,
            "end_date_visibility_restriction": self.application_date.isoformat(),
        }
        for name, earliest in bounds.items():
            found = getattr(self, name)
            if found is not None and not earliest <= found.isoformat() <= LATEST:
                yield name, f"{found}, which is not from {earliest} to {LATEST}"


def _plain(value: Any) -> Any:
    if isinstance(value, date):
        return value.isoformat()
    return list(value) if isinstance(value, tuple) else value
