"""The declaration of GB 45438-2025 that a file holds AI-generated content, as a value and as its JSON.

Knows the seven fields of the standard's Annex E. Does not know where in a file they stand, nor who made the content.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

from core.errors import InvalidInput

KEY = "AIGC"
"""The name under which the declaration stands, in XMP as in other metadata."""
NAMESPACE = "http://www.tc260.org.cn/ns/AIGC/1.0/"
"""Of the XMP property, by the committee's guides to the standard (TC260-PG-20257A and following)."""
GENERATED, POSSIBLY, SUSPECTED = "1", "2", "3"
MAX_FIELD = 256
"""Characters of one field; the standard names no limit."""
_MAX_JSON = 16_384
_NAMES = {
    "label": "Label",
    "content_producer": "ContentProducer",
    "produce_id": "ProduceID",
    "reserved_code_1": "ReservedCode1",
    "content_propagator": "ContentPropagator",
    "propagate_id": "PropagateID",
    "reserved_code_2": "ReservedCode2",
}


@dataclass(frozen=True, slots=True)
class Aigc:
    """One declaration.

    label: "1" it is generated, "2" possibly, "3" suspected to be. content_producer, produce_id: who made it, by name or
    code, and their number for it. content_propagator, propagate_id: the same of who spread it. reserved_code_1 and _2:
    what each of the two uses to protect the declaration or for other ends of their own.
    """

    label: str
    content_producer: str = ""
    produce_id: str = ""
    reserved_code_1: str = ""
    content_propagator: str = ""
    propagate_id: str = ""
    reserved_code_2: str = ""

    def __post_init__(self) -> None:
        """Raises InvalidInput, naming the field, for another label, for control characters, and beyond MAX_FIELD."""
        if self.label not in (GENERATED, POSSIBLY, SUSPECTED):
            raise InvalidInput("no such AIGC label", field="aigc.label", limit="1, 2 or 3", found=self.label[:64])
        for each in fields(self):
            value: str = getattr(self, each.name)
            if len(value) > MAX_FIELD or not value.isprintable():
                limit = f"{MAX_FIELD} printable characters"
                raise InvalidInput("unusable AIGC field", field=f"aigc.{each.name}", limit=limit, found=str(len(value)))

    def json(self) -> str:
        """All seven fields in the standard's order; those that nobody filled in are empty."""
        values = {name: getattr(self, attribute) for attribute, name in _NAMES.items()}
        return json.dumps(values, ensure_ascii=False, separators=(",", ":"))


def parse(text: str) -> Aigc | None:
    """The declaration in hostile `text`, bare or under the key "AIGC"; None where it cannot be read.

    Numbers stand for texts, unknown keys are passed over, fields are cut to MAX_FIELD printable characters.
    """
    try:
        found = json.loads(text[:_MAX_JSON])
    except (ValueError, RecursionError):
        return None
    if isinstance(found, dict) and isinstance(found.get(KEY), dict):
        found = found[KEY]
    if not isinstance(found, dict):
        return None
    values = {attribute: _text(found, name) for attribute, name in _NAMES.items()}
    return Aigc(**values) if values["label"] in (GENERATED, POSSIBLY, SUSPECTED) else None


def _text(found: Mapping[str, Any], name: str) -> str:
    value = found.get(name, "")
    if isinstance(value, bool) or not isinstance(value, str | int):
        return ""
    # A whole number of thousands of digits would not become text again (sys.set_int_max_str_digits).
    plain = value if isinstance(value, str) else str(value) if abs(value) < 10**MAX_FIELD else ""
    return "".join(filter(str.isprintable, plain))[:MAX_FIELD].strip()
