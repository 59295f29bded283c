"""Decisions of every shape, as the log may hold them."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from core.media import digest_of
from policies.base import Action
from tests.export.making import body, refusal

# Canonical JSON takes any text without surrogates, and PostgreSQL none with U+0000.
TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), max_size=20)
FIGURE = st.floats(-1e6, 1e6, allow_nan=False)
ACTION = st.sampled_from([action.name for action in Action])
DIGEST = st.binary(max_size=3).map(digest_of)

EVIDENCE = st.fixed_dictionaries({"kind": TEXT, "mime": TEXT, "digest": DIGEST, "caption": TEXT})
FINDING = st.fixed_dictionaries(
    {
        "detector": TEXT,
        "version": DIGEST,
        "label": TEXT,
        "verdict": st.sampled_from(["detected", "not_detected", "abstained"]),
        "score_scale": TEXT,
        "codes": st.lists(TEXT, max_size=3),
        "explanation": TEXT,
        "limits": TEXT,
        "evidence": st.lists(EVIDENCE, max_size=2),
    },
    # Entries of the first release name no calibration.
    optional={
        "calibration": DIGEST,
        "probability": st.floats(0, 1),
        "score": FIGURE,
        "log10_lr": FIGURE,
        "fpr_at_threshold": st.floats(0, 1),
        "measurements": st.dictionaries(TEXT, FIGURE, min_size=1, max_size=3),
    },
)
REASON = st.fixed_dictionaries(
    {
        "rule": TEXT,
        "code": TEXT,
        "text": TEXT,
        "action": ACTION,
        "operands": st.dictionaries(TEXT, TEXT, max_size=3),
    },
    # Entries of the first release have none of these.
    optional={
        "severity": st.sampled_from(["INFO", "LOW", "MEDIUM", "HIGH", "CRITICAL"]),
        "user_text": TEXT,
        "cites": st.lists(TEXT, max_size=2),
        "due_seconds": st.integers(3600, 9999 * 3600),
    },
)
CREDENTIAL = st.fixed_dictionaries(
    {
        "state": st.sampled_from(["none", "trusted", "invalid"]),
        "codes": st.lists(TEXT, max_size=2),
        "digital_source_types": st.lists(TEXT, max_size=2),
        "trust": DIGEST,
    }
)
MAKING = st.fixed_dictionaries(
    {"model": TEXT, "version": TEXT, "stage": st.just("output")},
    optional={
        "intent_index": st.integers(0, 2**53 - 1),
        "source": st.fixed_dictionaries({"media_digest": DIGEST, "action": ACTION}),
    },
)
MEDIA = st.fixed_dictionaries(
    {
        "kind": st.sampled_from(["image", "video"]),
        "mime": TEXT,
        "byte_size": st.integers(0, 2**40),
        "width": st.integers(0, 2**20),
        "height": st.integers(0, 2**20),
        "duration": st.floats(0, 1e5),
    }
)


@st.composite
def decisions(draw: st.DrawFn) -> dict[str, Any]:
    """The body of a decision of any kind, or of a refusal."""
    direction = draw(st.sampled_from(["inbound", "outbound"]))
    if draw(st.integers(0, 5)) == 0:
        return refusal(direction=direction)
    action = draw(ACTION)
    first = draw(REASON) | {"action": action}
    jurisdiction = draw(st.sampled_from(["", "DE", "GR", "US"]))
    content = body(
        action,
        direction=direction,
        media_digest=draw(DIGEST),
        media=draw(MEDIA),
        context={"surface": draw(TEXT), "jurisdiction": jurisdiction, "task": draw(TEXT)},
        findings=draw(st.lists(FINDING, max_size=3)),
        reasons=[first, *draw(st.lists(REASON, max_size=2))],
        shadow=draw(st.lists(REASON, max_size=1)),
        policy={"id": draw(TEXT), "digest": draw(DIGEST)},
        credential=draw(CREDENTIAL),
    )
    return content | ({"making": draw(MAKING)} if direction == "outbound" else {})


PRIVATE = st.fixed_dictionaries(
    {},
    optional={
        "credential": st.fixed_dictionaries({"manifest_id": TEXT, "issuer": TEXT, "claim_generator": TEXT}),
        "prompt": TEXT,
    },
)
