"""The columns of the Parquet file, and one decision as a row of them.

Names and types are an interface: they are only added to. What is unknown, does not apply or was erased is null. The
recorded leaf is where every value comes from, but for what may be erased and what became of the decision since.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pyarrow as pa

from countersign.verify.merkle import leaf_hash
from countersign.views import action_name
from server import record
from server.audit.entries.entry import Recorded

Row = dict[str, Any]

TIME = pa.timestamp("us", tz="UTC")
TEXTS = pa.list_(pa.string())
EVIDENCE = pa.struct([(name, pa.string()) for name in ("kind", "mime_type", "digest", "caption")])
REASON = pa.struct(
    [
        *((name, pa.string()) for name in ("rule", "code", "text", "action")),
        ("operands", pa.map_(pa.string(), pa.string())),
        ("user_text", pa.string()),
        ("severity", pa.string()),
        ("cites", TEXTS),
        ("due_seconds", pa.int64()),
    ]
)
FINDING = pa.struct(
    [
        *((name, pa.string()) for name in ("detector", "version", "label", "verdict")),
        *((name, pa.float64()) for name in record.OPTIONAL_FIGURES),
        ("score_scale", pa.string()),
        ("calibration", pa.string()),
        ("codes", TEXTS),
        ("explanation", pa.string()),
        ("limits", pa.string()),
        ("evidence", pa.list_(EVIDENCE)),
        ("measurements", pa.map_(pa.string(), pa.float64())),
    ]
)
CREDENTIAL = pa.struct(
    [
        ("state", pa.string()),
        ("codes", TEXTS),
        ("digital_source_types", TEXTS),
        ("trust", pa.string()),
        *((name, pa.string()) for name in ("manifest_id", "issuer", "claim_generator")),
    ]
)
REFUSAL = pa.struct([(name, pa.string()) for name in ("field", "limit", "found", "message")])

COLUMNS: tuple[pa.Field, ...] = (
    # Which entry of the log this is, and the hash of it that the tree holds (RFC 6962).
    pa.field("log_index", pa.int64(), nullable=False),
    pa.field("leaf_hash", pa.binary(32), nullable=False),
    pa.field("decision_id", pa.string(), nullable=False),
    pa.field("request_id", pa.string(), nullable=False),
    pa.field("tenant", pa.string(), nullable=False),
    pa.field("decided_at", TIME, nullable=False),
    pa.field("direction", pa.string(), nullable=False),
    # What the policy decided, and what has become of it. Null where the media was refused.
    pa.field("action", pa.string()),
    pa.field("current_action", pa.string()),
    pa.field("review_state", pa.string()),
    pa.field("events", pa.int32()),
    pa.field("latest_index", pa.int64()),
    pa.field("reasons", pa.list_(REASON), nullable=False),
    pa.field("shadow_reasons", pa.list_(REASON), nullable=False),
    pa.field("policy_id", pa.string()),
    pa.field("policy_digest", pa.string()),
    pa.field("findings", pa.list_(FINDING), nullable=False),
    pa.field("credential", CREDENTIAL),
    pa.field("media_digest", pa.string()),
    pa.field("media_kind", pa.string()),
    pa.field("mime_type", pa.string()),
    pa.field("byte_size", pa.int64()),
    pa.field("width", pa.int32()),
    pa.field("height", pa.int32()),
    pa.field("duration", pa.float64()),
    pa.field("surface", pa.string()),
    pa.field("jurisdiction", pa.string()),
    pa.field("task", pa.string()),
    pa.field("model", pa.string()),
    pa.field("source_digest", pa.string()),
    pa.field("intent_index", pa.int64()),
    pa.field("refusal", REFUSAL),
    # Of people: null once erased, and then named in `erased`.
    pa.field("actor", pa.string()),
    pa.field("subject", pa.string()),
    pa.field("erased", TEXTS, nullable=False),
)


def row_of(recorded: Recorded) -> Row:
    """One decision."""
    entry = record.decode(recorded)
    # Leaves of version 1 held the actor itself.
    plain = {"actor": entry.get("actor")} | {name: each.value for name, each in recorded.private.items()}
    return {
        "log_index": recorded.index,
        "leaf_hash": leaf_hash(recorded.leaf),
        "decision_id": recorded.decision_id,
        "request_id": recorded.request_id,
        "tenant": recorded.tenant,
        "decided_at": recorded.recorded_at,
        "direction": entry["direction"],
        "action": entry.get("action"),
        "reasons": [_reason(each) for each in entry.get("reasons", ())],
        "shadow_reasons": [_reason(each) for each in entry.get("shadow", ())],
        "policy_id": entry.get("policy", {}).get("id"),
        "policy_digest": entry.get("policy", {}).get("digest"),
        "findings": [_finding(each) for each in entry.get("findings", ())],
        "credential": entry["credential"] | plain.get("credential", {}) if "credential" in entry else None,
        "refusal": entry.get("refusal"),
        "actor": plain["actor"],
        "subject": plain.get("subject"),
        "erased": sorted(entry.get("private", {}).keys() - recorded.private.keys()),
        **_state(recorded),
        **_media(entry),
        **_making(entry),
    }


def _state(recorded: Recorded) -> Row:
    if recorded.state is None:
        return {}
    return {
        "current_action": action_name(recorded.state.action),
        "review_state": recorded.state.review.name,
        "events": recorded.state.events,
        "latest_index": recorded.state.last_index,
    }


def _media(entry: Mapping[str, Any]) -> Row:
    media, context = entry.get("media", {}), entry.get("context", {})
    return {
        "media_digest": entry["media_digest"] or None,
        "media_kind": media.get("kind"),
        "mime_type": media.get("mime"),
        **{name: media.get(name) for name in ("byte_size", "width", "height", "duration")},
        # "" says that the caller did not tell.
        **{name: context.get(name) or None for name in ("surface", "jurisdiction", "task")},
    }


def _making(entry: Mapping[str, Any]) -> Row:
    making = entry.get("making")
    if not making:
        return {}
    return {
        "model": f"{making['model']}@{making['version']}",
        "source_digest": (making.get("source") or {}).get("media_digest"),
        "intent_index": making.get("intent_index"),
    }


def _reason(reason: Mapping[str, Any]) -> Row:
    return {**reason, "operands": sorted(reason["operands"].items())}


def _finding(finding: Mapping[str, Any]) -> Row:
    evidence = [{**each, "mime_type": each["mime"]} for each in finding["evidence"]]
    return {**finding, "evidence": evidence, "measurements": sorted(finding.get("measurements", {}).items())}
