"""Decisions as JSON, with their findings and credentials."""

from __future__ import annotations

from countersign.v1 import common_pb2
from countersign.views.values import Json, action_name, enum_name, moment, optional, state_name


def reason_json(reason: common_pb2.Reason) -> Json:
    """One fired rule."""
    return {
        "rule": reason.rule,
        "code": reason.code,
        "text": reason.text,
        "action": action_name(reason.action),
        "operands": dict(reason.operands),
        "user_text": reason.user_text,
        "severity": enum_name(common_pb2.Severity, reason.severity, "SEVERITY_"),
        "cites": list(reason.cites),
        "due_seconds": reason.due.seconds if reason.HasField("due") else None,
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
        "calibration": finding.calibration,
        "measurements": dict(sorted(finding.measurements.items())),
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
        "trusted_by": provenance.trusted_by,
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
    """One decision, as recorded, and what became of it."""
    return {
        "decision_id": decision.decision_id,
        "decided_at": moment(decision, "decided_at"),
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
        "review_state": state_name(decision.review_state),
        "current_action": action_name(decision.current_action),
        "subject": decision.subject,
        "erased": list(decision.erased),
        "latest_index": decision.latest_index,
        "due_at": moment(decision, "due_at"),
    }
