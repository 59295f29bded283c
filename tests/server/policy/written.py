"""Policies of one rule as a text, and the leaf that a decision on a subject leaves."""

from __future__ import annotations

import json
from typing import Any

from policies.base import Subject
from server import record
from server.sources import all_sources

SOURCES = tuple(source for source in all_sources() if source.name not in ("near_duplicate", "nsfw"))
"""As a server has them that is configured for no more."""
RULE = """
  - id: {id}
    title: A rule that is tried
    when: {when}
    action: {action}
    code: tried
    text: "It is tried ({{copy_move.score}})."
    when_missing: {missing}{extra}
"""


def leaf_of(subject: Subject) -> dict[str, Any]:
    """What a leaf says of a subject, as far as a replay reads it."""
    return {
        "direction": subject.direction,
        "tenant": subject.tenant,
        "media_digest": subject.digest,
        "media": {name: getattr(subject, name) for name in ("mime", "byte_size", "width", "height", "duration")}
        | {"kind": str(subject.kind)},
        "context": {"surface": subject.surface, "jurisdiction": subject.jurisdiction, "task": subject.task},
        "findings": [record.finding_json(each) for each in subject.findings],
        "credential": record.split_credential(subject.credential)[0],
        "action": "ALLOW",
    }


def scored(when: str, action: str = "block", extra: str = "") -> str:
    missing = "skip\n    skip_reason: Not tried."
    rule = RULE.format(id="scored", when=json.dumps(when), action=action, missing=missing, extra=extra)
    return f'id: scored\nversion: "1"\ndescription: By score.\nrules:{rule}'
