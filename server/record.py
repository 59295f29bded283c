"""What a log entry says: the JSON bodies of decisions, refusals and intents.

The leaf that the log hashes is this JSON, so names here are as stable as the API. Text that came out of media or from
people (prompts, names) MUST NOT enter it: leaves are permanent. Such text goes into evidence, or into the private
fields that the leaf commits to; both can be deleted.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping
from types import MappingProxyType
from typing import Any

from core.credential import Credential
from core.errors import InvalidInput, LimitExceeded
from core.media import Media
from detectors.base import Finding, Verdict
from generators.base import Output
from policies.base import Decision, Reason
from server.audit import Blob, Recorded
from server.examination import Context, Examination
from server.finishing.finisher import Finished
from server.requests import Order

MEMORISED = "memorised"
"""The note by which a model says that its output counts as a copy of what it learned from."""
NOTHING_GIVEN: Mapping[str, Examination] = MappingProxyType({})
OPTIONAL_FIGURES = ("probability", "score", "log10_lr", "fpr_at_threshold")


def finding_json(finding: Finding) -> dict[str, Any]:
    """One finding; figures that were not measured are absent rather than null, and so are measurements where there
    are none, as entries of earlier releases have it.
    """
    figures = {name: getattr(finding, name) for name in OPTIONAL_FIGURES if getattr(finding, name) is not None}
    return {
        "detector": finding.detector,
        "version": finding.version,
        "label": finding.label,
        "verdict": finding.verdict.value,
        "score_scale": finding.score_scale,
        "calibration": finding.calibration,
        "codes": list(finding.codes),
        "explanation": finding.explanation,
        "limits": finding.limits,
        "evidence": [
            {"kind": each.kind, "mime": each.mime, "digest": each.digest, "caption": each.caption}
            for each in finding.evidence
        ],
        **figures,
        **({"measurements": dict(finding.measurements)} if finding.measurements else {}),
    }


def reason_json(reason: Reason) -> dict[str, Any]:
    """One fired rule; what it does not say is absent."""
    said = {
        "user_text": reason.user_text,
        "cites": list(reason.cites),
        "due_seconds": int(reason.due.total_seconds()) if reason.due else 0,
    }
    return {
        "rule": reason.rule,
        "code": reason.code,
        "text": reason.text,
        "action": reason.action.name,
        "operands": dict(reason.operands),
        "severity": reason.severity.name,
        **{name: value for name, value in said.items() if value},
    }


def credential_json(credential: Credential) -> dict[str, Any]:
    """The credential's verdict; the manifests themselves stay in the file. trusted_by only where a list vouches."""
    vouched = {"trusted_by": credential.trusted_by} if credential.trusted_by else {}
    return {
        "state": credential.state.value,
        "codes": list(credential.codes),
        "manifest_id": credential.manifest_id,
        "issuer": credential.issuer,
        "claim_generator": credential.claim_generator,
        "digital_source_types": list(credential.digital_source_types),
        **vouched,
    }


def split_credential(credential: Credential) -> tuple[dict[str, Any], dict[str, Any]]:
    """The part of `credential_json` that the leaf holds, and the names in it that can be erased."""
    whole = credential_json(credential)
    named = {name: whole.pop(name) for name in ("manifest_id", "issuer", "claim_generator")}
    return whole, named if any(named.values()) else {}


def prompts_json(order: Order) -> dict[str, Any]:
    """The requester's words, for the private fields."""
    words = {"prompt": order.prompt, "negative_prompt": order.negative_prompt}
    return {name: text for name, text in words.items() if text}


def media_json(media: Media) -> dict[str, Any]:
    """What was examined. Bytes, pixels, seconds."""
    return {
        "digest": media.digest,
        "kind": media.kind.value,
        "mime": media.mime,
        "byte_size": len(media.data),
        "width": media.width,
        "height": media.height,
        "duration": media.duration,
    }


def context_json(context: Context) -> dict[str, Any]:
    """Where the media is used, and what for; of what is made here, also what kind of model makes it."""
    used = {"surface": context.surface, "jurisdiction": context.jurisdiction, "task": context.task}
    return used | ({"source_type": context.source_type} if context.source_type else {})


def examined_json(seen: Examination) -> dict[str, Any]:
    """What signing changed since the policy looked: without it nobody could decide again on an output."""
    public, _ = split_credential(seen.credential)
    return {"digest": seen.media.digest, "byte_size": len(seen.media.data), "credential": public}


def decision_json(decision: Decision) -> dict[str, Any]:
    """The policy's outcome."""
    return {
        "action": decision.action.name,
        "reasons": [reason_json(reason) for reason in decision.reasons],
        "shadow": [reason_json(reason) for reason in decision.shadow],
        "policy": {
            "id": decision.policy_id,
            "digest": decision.policy_digest,
            **({"base": decision.base_digest} if decision.base_digest else {}),
        },
    }


def making_json(
    order: Order,
    *,
    stage: str,
    asked: Decision,
    intent_index: int | None = None,
    given: Mapping[str, Examination] = NOTHING_GIVEN,
    blocked: str = "",
) -> dict[str, Any]:
    """How media was made. stage: "input" where what was asked for, or a picture that came with it, was blocked, else
    "output". asked: what the policy said of the order. given: the pictures that came with it, by name. blocked: the one
    of them that was, "" for none.
    """
    judged = {"action": asked.action.name, "policy": asked.policy_digest}
    making = order.work() | {"stage": stage, "asked": judged}
    if intent_index is not None:
        making["intent_index"] = intent_index
    if blocked:
        making["blocked"] = blocked
    if order.previews:
        # Said beforehand: after a crash nobody could tell any more which left.
        making["previews_asked"] = True
    return making | {name: picture_json(seen.media, seen.decision) for name, seen in given.items()}


def marks_json(finished: Finished) -> dict[str, Any]:
    """What was put into an output before it was signed. A label's text is the requester's words, and a watermark's
    identifier leads to whom it was made for: neither enters a leaf.
    """
    marks: dict[str, Any] = {"watermarked": finished.watermark is not None}
    if finished.unmarked:
        marks["unmarked"] = finished.unmarked
    if label := finished.marks.label:
        marks["label"] = {key: value for key, value in label.content().items() if key != "text"}
    if finished.marks.declares:
        marks["declared"] = True
    return {"marks": marks}


def companions_json(said: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """The pictures that explain an output, by name: what each is, or why it was withheld."""
    return {"companions": {name: dict(each) for name, each in said.items()}} if said else {}


def notes_json(output: Output) -> dict[str, Any]:
    """What the model reports of what it made; never the requester's words, which a leaf would keep for ever."""
    return {"notes": dict(output.notes)} if output.notes else {}


def memorised_in(notes: Mapping[str, Any]) -> bool | None:
    """Whether an output counts as a copy, by what its model reports; None where that compared nothing."""
    return bool(notes[MEMORISED]) if MEMORISED in notes else None


def picture_json(media: Media, decision: Decision) -> dict[str, Any]:
    """A picture that came with an order: what something was made from, its mask, or what it was to follow."""
    return {"media_digest": media.digest, "action": decision.action.name}


def refusal_json(error: InvalidInput | LimitExceeded, names: Collection[str]) -> dict[str, Any]:
    """Why media could not be examined. names: the errors that can be raised again from the record; others are kept
    as their base class.
    """
    name = next(kind.__name__ for kind in type(error).__mro__ if kind.__name__ in names)
    return {
        "error": name,
        "field": error.field,
        "limit": error.limit,
        "found": error.found,
        "message": error.message,
    }


def evidence_blobs(findings: Iterable[Finding]) -> tuple[Blob, ...]:
    """The evidence of all findings, for the log's deletable store."""
    return tuple(Blob(each.digest, each.mime, each.data) for finding in findings for each in finding.evidence)


def detected_by(findings: Iterable[Finding]) -> tuple[str, ...]:
    """The detectors that detected something, for the log's index."""
    return tuple(finding.detector for finding in findings if finding.verdict is Verdict.DETECTED)


def labels_of(findings: Iterable[Finding]) -> tuple[str, ...]:
    """What was detected, for the log's index."""
    return tuple(finding.label for finding in findings if finding.verdict is Verdict.DETECTED)


def decode(recorded: Recorded) -> dict[str, Any]:
    """The JSON of a recorded leaf."""
    return dict(json.loads(recorded.leaf))
