"""What became of files, as JSON: screened, inspected, made."""

from __future__ import annotations

from google.protobuf import json_format

from countersign.receipts import receipt_json
from countersign.results import Made, Screening
from countersign.v1 import generation_pb2, provenance_pb2
from countersign.views.chain import chain_json
from countersign.views.decisions import decision_json, provenance_json, reason_json
from countersign.views.values import Json, action_name, enum_name


def screening_json(file: str, screening: Screening) -> Json:
    """One element of `screen --json`."""
    return {"file": file, **decision_json(screening.decision), "receipt": receipt_json(screening.receipt)}


def inspection_json(file: str, answer: provenance_pb2.InspectResponse) -> Json:
    """The object of `inspect --json`."""
    return {
        "file": file,
        **provenance_json(answer.provenance),
        "media_digest": answer.media_digest,
        "mime_type": answer.mime_type,
        "chain": chain_json(answer.chain) if answer.HasField("chain") else None,
    }


def made_json(output: str | None, made: Made, manifest: str | None = None) -> Json:
    """The object of `enhance --json` and `generate --json`. output: None where the decision blocked it. manifest: the
    file with the output's credentials, None where they are in the output.
    """
    result = made.result
    return {
        "output": output,
        "manifest": manifest,
        "decision_id": result.decision.decision_id,
        "action": action_name(result.decision.action),
        "reasons": [reason_json(each) for each in result.decision.reasons],
        "model": result.model,
        "seed": result.seed,
        "digest": result.digest,
        "mime_type": result.mime_type,
        "byte_size": result.byte_size,
        "blocked": blocked_json(result.blocked) if result.HasField("blocked") else None,
        "nearest": nearest_json(result.nearest) if result.HasField("nearest") else None,
        "unknown_words": result.unknown_words if result.HasField("unknown_words") else None,
        "fidelity": fidelity_json(result.fidelity) if result.HasField("fidelity") else None,
        "plan": result.plan or None,
        "left_out": list(result.left_out),
        "companions": [companion_json(each) for each in result.companions],
        "receipt": receipt_json(result.receipt),
    }


def fidelity_json(fidelity: generation_pb2.Fidelity) -> Json:
    """How the output differs from the upload, figures by name."""
    told: Json = json_format.MessageToDict(
        fidelity, preserving_proto_field_name=True, always_print_fields_with_no_presence=True
    )
    return told if told["bands"] else {name: value for name, value in told.items() if name != "bands"}


def companion_json(companion: generation_pb2.Companion) -> Json:
    """A picture that explains the output, or why it was withheld. output: set by whoever writes it."""
    return {
        "kind": enum_name(generation_pb2.CompanionKind, companion.kind, "COMPANION_KIND_"),
        "output": None,
        "digest": companion.digest,
        "mime_type": companion.mime_type,
        "byte_size": companion.byte_size,
        "withheld": companion.withheld or None,
    }


def nearest_json(nearest: generation_pb2.Neighbour) -> Json:
    """What the model learned from and the output resembles most."""
    return {"item": nearest.item, "similarity": nearest.similarity, "memorised": nearest.memorised}


def blocked_json(blocked: generation_pb2.Blocked) -> Json:
    """What a block comes down to."""
    return {
        "stage": enum_name(generation_pb2.Blocked.Stage, blocked.stage, "STAGE_"),
        "category": blocked.category,
        "code": blocked.code,
        "user_text": blocked.user_text,
        "support_id": blocked.support_id,
        "policy_digest": blocked.policy_digest,
    }
