"""Log entries and domain values → protobuf, at the edge and nowhere else.

Answers are made from the recorded leaf, not from what was in memory: what a caller reads is what the log holds.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from google.protobuf.timestamp_pb2 import Timestamp

from core.credential import Credential, Manifest
from core.errors import InvalidInput
from countersign.v1 import common_pb2 as pb
from countersign.v1 import model_pb2
from detectors.base import Detector
from generators.base import Generator, Parameter
from server import record
from server.audit import ReceiptParts, Recorded


def decision(recorded: Recorded, evidence: Mapping[str, bytes] | None = None) -> pb.Decision:
    """The recorded decision. evidence: data by digest, filled in where the caller asked for it."""
    entry = record.decode(recorded)
    media = entry.get("media", {})
    context = entry.get("making") or {}
    source = context.get("source") or {}
    refusal = entry.get("refusal")
    message = pb.Decision(
        decision_id=recorded.decision_id,
        decided_at=timestamp(recorded.recorded_at),
        direction=pb.Direction.Value(f"DIRECTION_{entry['direction'].upper()}"),
        action=pb.Action.Value(f"ACTION_{entry.get('action', 'UNSPECIFIED')}"),
        reasons=[reason(each) for each in entry.get("reasons", [])],
        shadow_reasons=[reason(each) for each in entry.get("shadow", [])],
        findings=[finding(each, evidence or {}) for each in entry.get("findings", [])],
        media_digest=entry["media_digest"],
        media_kind=pb.MediaKind.Value(f"MEDIA_KIND_{media.get('kind', 'unspecified').upper()}"),
        mime_type=media.get("mime", ""),
        byte_size=media.get("byte_size", 0),
        width=media.get("width", 0),
        height=media.get("height", 0),
        policy_id=entry.get("policy", {}).get("id", ""),
        policy_digest=entry.get("policy", {}).get("digest", ""),
        request_id=recorded.request_id,
        tenant=recorded.tenant,
        actor=entry["actor"],
        model=f"{context['model']}@{context['version']}" if context else "",
        source_digest=source.get("media_digest", ""),
        intent_index=context.get("intent_index"),
    )
    if "credential" in entry:
        message.provenance.CopyFrom(recorded_provenance(entry["credential"]))
    if refusal:
        message.refusal.CopyFrom(pb.Refusal(**{key: refusal[key] for key in ("field", "limit", "found", "message")}))
    return message


def finding(entry: Mapping[str, Any], evidence: Mapping[str, bytes]) -> pb.Finding:
    """One recorded finding."""
    return pb.Finding(
        detector=entry["detector"],
        version=entry["version"],
        label=entry["label"],
        verdict=pb.Verdict.Value(f"VERDICT_{entry['verdict'].upper()}"),
        score_scale=entry["score_scale"],
        codes=entry["codes"],
        explanation=entry["explanation"],
        limits=entry["limits"],
        evidence=[
            pb.Evidence(
                kind=each["kind"],
                mime_type=each["mime"],
                digest=each["digest"],
                caption=each["caption"],
                data=evidence.get(each["digest"], b""),
            )
            for each in entry["evidence"]
        ],
        **{name: entry[name] for name in record.OPTIONAL_FIGURES if name in entry},
    )


def reason(entry: Mapping[str, Any]) -> pb.Reason:
    """One recorded reason."""
    action = pb.Action.Value(f"ACTION_{entry['action']}")
    return pb.Reason(
        rule=entry["rule"], code=entry["code"], text=entry["text"], action=action, operands=entry["operands"]
    )


def recorded_provenance(entry: Mapping[str, Any]) -> pb.Provenance:
    """The credential as recorded, without its manifests."""
    return pb.Provenance(
        state=pb.CredentialState.Value(f"CREDENTIAL_STATE_{entry['state'].upper()}"),
        codes=entry["codes"],
        manifest_id=entry["manifest_id"],
        issuer=entry["issuer"],
        claim_generator=entry["claim_generator"],
        digital_source_types=entry["digital_source_types"],
    )


def provenance(credential: Credential) -> pb.Provenance:
    """A credential just read, with its manifests."""
    message = recorded_provenance(record.credential_json(credential))
    message.manifests.extend(manifest(each) for each in credential.manifests)
    return message


def manifest(value: Manifest) -> pb.Manifest:
    """One manifest of the store."""
    return pb.Manifest(
        label=value.label,
        title=value.title,
        claim_generator=value.claim_generator,
        issuer=value.issuer,
        active=value.active,
        actions=value.actions,
        digital_source_types=value.digital_source_types,
    )


def receipt(parts: ReceiptParts) -> pb.Receipt:
    """The proof that a decision stands in the log."""
    return pb.Receipt(
        decision_id=parts.decision_id,
        log_index=parts.log_index,
        entry=parts.leaf,
        proof=parts.proof,
        log_key=parts.log_key,
    )


def detector_model(detector: Detector) -> model_pb2.Model:
    """A detector as the model list shows it."""
    return model_pb2.Model(
        name=detector.name,
        version=detector.version,
        role=model_pb2.MODEL_ROLE_DETECTOR,
        task=detector.label,
        summary=detector.summary,
        licence="Apache-2.0",
        limits=detector.limits,
        card=detector_card(detector),
    )


def detector_card(detector: Detector) -> str:
    """The detector's card, Markdown, from what it says of itself. Measured rates travel with each finding."""
    kinds = ", ".join(sorted(detector.kinds))
    return (
        f"# {detector.name}\n\n{detector.summary}\n\n- Looks for: `{detector.label}`\n- Examines: {kinds}\n"
        f"- Version: `{detector.version}`\n\n## What it cannot see\n\n{detector.limits}\n"
    )


def generator_model(generator: Generator) -> model_pb2.Model:
    """A generator as the model list shows it, with its card."""
    return model_pb2.Model(
        name=generator.name,
        version=generator.version,
        role=model_pb2.MODEL_ROLE_GENERATOR,
        task=generator.task,
        summary=generator.card.summary,
        licence=generator.card.licence,
        limits=generator.card.limits,
        parameters=[parameter(each) for each in generator.parameters],
        card=generator.card.markdown,
    )


def parameter(value: Parameter) -> model_pb2.ModelParameter:
    """A setting of a generator."""
    return model_pb2.ModelParameter(
        name=value.name,
        type=value.type,
        default_value=str(value.default),
        description=value.description,
        choices=[str(choice) for choice in value.choices],
    )


def timestamp(moment: datetime) -> Timestamp:
    """A point in time, UTC."""
    message = Timestamp()
    message.FromDatetime(moment)
    return message


def moment(message: Timestamp, field: str) -> datetime:
    """A point in time, timezone-aware UTC. Raises InvalidInput, naming `field`, outside the years 1 to 9999."""
    try:
        return message.ToDatetime(tzinfo=UTC)
    except ValueError as error:
        limit, found = "the years 1 to 9999", f"{message.seconds} s, {message.nanos} ns"
        raise InvalidInput(f"{field} is out of range", field=field, limit=limit, found=found) from error
