"""Answers as plain JSON values, in the shape that `--json` promises.

Enumerations appear by name without their prefix ("ALLOW"), digests and timestamps as text (RFC 3339), absent numbers
and unspecified values as null. Field names are those of the protos.
"""

from __future__ import annotations

from typing import Any

from google.protobuf.message import Message

from countersign.errors import CountersignError
from countersign.receipts import receipt_json
from countersign.results import Enhancement, Screening
from countersign.v1 import common_pb2, model_pb2, provenance_pb2

Json = dict[str, Any]


def enum_name(kind: Any, value: int, prefix: str) -> str | None:
    """The value's name in a generated enum, "ALLOW" of ACTION_ALLOW; None of UNSPECIFIED.

    Of a value that a newer server knows and we do not, its number.
    """
    if value == 0:
        return None
    try:
        return str(kind.Name(value)).removeprefix(prefix)
    except ValueError:
        return str(value)


def action_name(action: int) -> str | None:
    """One of "ALLOW", "LABEL", "REVIEW" and "BLOCK"; None where refused media was not decided on."""
    return enum_name(common_pb2.Action, action, "ACTION_")


def optional(message: Message, field: str) -> Any:
    """The value of an `optional` field, None where it is absent."""
    return getattr(message, field) if message.HasField(field) else None


def reason_json(reason: common_pb2.Reason) -> Json:
    """One fired rule."""
    return {
        "rule": reason.rule,
        "code": reason.code,
        "text": reason.text,
        "action": action_name(reason.action),
        "operands": dict(reason.operands),
    }


def evidence_json(evidence: common_pb2.Evidence) -> Json:
    """Evidence by its digest. The bytes are not JSON's business: `countersign.cli.evidence` writes them to files."""
    return {
        "kind": evidence.kind,
        "mime_type": evidence.mime_type,
        "digest": evidence.digest,
        "caption": evidence.caption,
    }


def finding_json(finding: common_pb2.Finding) -> Json:
    """One detector's conclusion."""
    return {
        "detector": finding.detector,
        "version": finding.version,
        "label": finding.label,
        "verdict": enum_name(common_pb2.Verdict, finding.verdict, "VERDICT_"),
        "probability": optional(finding, "probability"),
        "score": optional(finding, "score"),
        "score_scale": finding.score_scale,
        "log10_lr": optional(finding, "log10_lr"),
        "fpr_at_threshold": optional(finding, "fpr_at_threshold"),
        "codes": list(finding.codes),
        "explanation": finding.explanation,
        "limits": finding.limits,
        "evidence": [evidence_json(each) for each in finding.evidence],
    }


def manifest_json(manifest: common_pb2.Manifest) -> Json:
    """One manifest of a file's store."""
    return {
        "label": manifest.label,
        "title": manifest.title,
        "claim_generator": manifest.claim_generator,
        "issuer": manifest.issuer,
        "active": manifest.active,
        "actions": list(manifest.actions),
        "digital_source_types": list(manifest.digital_source_types),
    }


def provenance_json(provenance: common_pb2.Provenance) -> Json:
    """What the file's credentials are worth."""
    return {
        "state": enum_name(common_pb2.CredentialState, provenance.state, "CREDENTIAL_STATE_"),
        "codes": list(provenance.codes),
        "manifest_id": provenance.manifest_id,
        "issuer": provenance.issuer,
        "claim_generator": provenance.claim_generator,
        "digital_source_types": list(provenance.digital_source_types),
        "manifests": [manifest_json(each) for each in provenance.manifests],
    }


def refusal_json(refusal: common_pb2.Refusal) -> Json:
    """Why nothing was examined."""
    return {"field": refusal.field, "limit": refusal.limit, "found": refusal.found, "message": refusal.message}


def decision_json(decision: common_pb2.Decision) -> Json:
    """One decision, as recorded."""
    return {
        "decision_id": decision.decision_id,
        "decided_at": decision.decided_at.ToJsonString() if decision.HasField("decided_at") else None,
        "direction": enum_name(common_pb2.Direction, decision.direction, "DIRECTION_"),
        "action": action_name(decision.action),
        "reasons": [reason_json(each) for each in decision.reasons],
        "findings": [finding_json(each) for each in decision.findings],
        "provenance": provenance_json(decision.provenance) if decision.HasField("provenance") else None,
        "media_digest": decision.media_digest,
        "media_kind": enum_name(common_pb2.MediaKind, decision.media_kind, "MEDIA_KIND_"),
        "mime_type": decision.mime_type,
        "byte_size": decision.byte_size,
        "width": decision.width,
        "height": decision.height,
        "policy_id": decision.policy_id,
        "policy_digest": decision.policy_digest,
        "shadow_reasons": [reason_json(each) for each in decision.shadow_reasons],
        "request_id": decision.request_id,
        "tenant": decision.tenant,
        "actor": decision.actor,
        "model": decision.model,
        "source_digest": decision.source_digest,
        "refusal": refusal_json(decision.refusal) if decision.HasField("refusal") else None,
        "intent_index": optional(decision, "intent_index"),
    }


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
    }


def enhancement_json(output: str | None, enhancement: Enhancement) -> Json:
    """The object of `enhance --json`. output: None where the decision blocked it."""
    result = enhancement.result
    return {
        "output": output,
        "decision_id": result.decision.decision_id,
        "action": action_name(result.decision.action),
        "reasons": [reason_json(each) for each in result.decision.reasons],
        "model": result.model,
        "seed": result.seed,
        "digest": result.digest,
        "mime_type": result.mime_type,
        "byte_size": result.byte_size,
        "receipt": receipt_json(result.receipt),
    }


def parameter_json(parameter: model_pb2.ModelParameter) -> Json:
    """One setting of a model."""
    return {
        "name": parameter.name,
        "type": parameter.type,
        "default": parameter.default_value,
        "description": parameter.description,
        "choices": list(parameter.choices),
    }


def model_json(model: model_pb2.Model) -> Json:
    """One element of `models list --json`."""
    return {
        "name": model.name,
        "version": model.version,
        "role": enum_name(model_pb2.ModelRole, model.role, "MODEL_ROLE_"),
        "task": model.task,
        "summary": model.summary,
        "licence": model.licence,
        "limits": model.limits,
        "parameters": [parameter_json(each) for each in model.parameters],
        "card": model.card,
    }


def error_json(error: CountersignError) -> Json:
    """The object under "error": what was refused, by whom it can be fixed."""
    return {
        "code": error.code,
        "reason": error.reason,
        "field": error.field,
        "limit": error.limit,
        "found": error.found,
        "message": error.message,
    }
