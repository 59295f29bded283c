"""What was found of a file's lost credentials, as JSON."""

from __future__ import annotations

from countersign.v1 import softbinding_pb2
from countersign.views.decisions import provenance_json
from countersign.views.values import Json, enum_name, optional


def recovery_json(file: str, answer: softbinding_pb2.ByContentResponse) -> Json:
    """The object of `recover --json`."""
    return {
        "file": file,
        "matches": [match_json(each) for each in answer.matches],
        "watermark_unconfirmed": answer.watermark_unconfirmed,
        "provenance": provenance_json(answer.provenance) if answer.HasField("provenance") else None,
    }


def match_json(match: softbinding_pb2.ManifestMatch) -> Json:
    """One signed file that the media shows."""
    return {
        "manifest_id": match.manifest_id,
        "certainty": enum_name(softbinding_pb2.MatchCertainty, match.certainty, "MATCH_CERTAINTY_"),
        "confidence": optional(match, "confidence"),
        "similarity_score": optional(match, "similarity_score"),
        "bindings": list(match.bindings),
        "decision_id": match.decision_id or None,
    }
