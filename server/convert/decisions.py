"""Recorded decisions → protobuf. Reads leaves of every version."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from countersign.v1 import common_pb2 as pb
from countersign.views import decision_json
from server import record
from server.audit import Recorded
from server.convert.credentials import recorded_provenance
from server.convert.private import disclosed, erased
from server.convert.times import timestamp


def decision(recorded: Recorded, evidence: Mapping[str, bytes] | None = None) -> pb.Decision:
    """The recorded decision and what became of it. evidence: data by digest, where the caller asked for it."""
    entry = record.decode(recorded)
    plain = disclosed(recorded, entry)
    message = pb.Decision(
        decision_id=recorded.decision_id,
        decided_at=timestamp(recorded.recorded_at),
        direction=pb.Direction.Value(f"DIRECTION_{entry['direction'].upper()}"),
        action=pb.Action.Value(f"ACTION_{entry.get('action', 'UNSPECIFIED')}"),
        reasons=[reason(each) for each in entry.get("reasons", [])],
        shadow_reasons=[reason(each) for each in entry.get("shadow", [])],
        findings=[finding(each, evidence or {}) for each in entry.get("findings", [])],
        policy_id=entry.get("policy", {}).get("id", ""),
        policy_digest=entry.get("policy", {}).get("digest", ""),
        request_id=recorded.request_id,
        tenant=recorded.tenant,
        actor=plain.get("actor", ""),
        subject=plain.get("subject", ""),
        erased=erased(recorded, entry),
    )
    add_media(message, entry)
    add_making(message, entry)
    add_state(message, recorded)
    add_term(message, recorded, entry)
    if "credential" in entry:
        message.provenance.CopyFrom(recorded_provenance(entry["credential"] | plain.get("credential", {})))
    if refusal := entry.get("refusal"):
        message.refusal.CopyFrom(pb.Refusal(**{key: refusal[key] for key in ("field", "limit", "found", "message")}))
    return message


def decision_view(recorded: Recorded) -> dict[str, Any]:
    """The decision as plain JSON, in the one shape that every `--json` of the command line has."""
    return decision_json(decision(recorded))


def add_media(message: pb.Decision, entry: Mapping[str, Any]) -> None:
    """The file that was decided on; of refused media the log knows the digest at most."""
    media = entry.get("media", {})
    message.media_digest = entry["media_digest"]
    message.media_kind = pb.MediaKind.Value(f"MEDIA_KIND_{media.get('kind', 'unspecified').upper()}")
    message.mime_type = media.get("mime", "")
    for name in ("byte_size", "width", "height"):
        setattr(message, name, media.get(name, 0))


def add_making(message: pb.Decision, entry: Mapping[str, Any]) -> None:
    """How the file was made, outbound only."""
    if making := entry.get("making"):
        message.model = f"{making['model']}@{making['version']}"
        message.source_digest = (making.get("source") or {}).get("media_digest", "")
        if "intent_index" in making:
            message.intent_index = making["intent_index"]


def add_state(message: pb.Decision, recorded: Recorded) -> None:
    """What reviews and appeals have made of it."""
    if state := recorded.state:
        message.review_state = pb.ReviewState.Value(f"REVIEW_STATE_{state.review.name}")
        message.current_action = pb.Action.ValueType(state.action)
        message.latest_index = state.last_index


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
        calibration=entry.get("calibration", ""),
        measurements=entry.get("measurements", {}),
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
    message = pb.Reason(
        rule=entry["rule"],
        code=entry["code"],
        text=entry["text"],
        action=pb.Action.Value(f"ACTION_{entry['action']}"),
        operands=entry["operands"],
        user_text=entry.get("user_text", ""),
        severity=pb.Severity.Value(f"SEVERITY_{entry.get('severity', 'UNSPECIFIED')}"),
        cites=entry.get("cites", ()),
    )
    if "due_seconds" in entry:
        message.due.FromSeconds(entry["due_seconds"])
    return message


def add_term(message: pb.Decision, recorded: Recorded, entry: Mapping[str, Any]) -> None:
    """By when staff must have acted: the shortest term of the rules that fired."""
    terms = [each["due_seconds"] for each in entry.get("reasons", ()) if "due_seconds" in each]
    if terms:
        message.due_at.CopyFrom(timestamp(recorded.recorded_at + timedelta(seconds=min(terms))))
