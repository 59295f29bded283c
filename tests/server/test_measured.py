"""Measurements from a finding to the leaf and back: the same figures everywhere, nothing where there are none."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from core.errors import InvalidInput
from core.media import digest_of
from countersign.views.decisions import finding_json as view_of
from detectors.base import Finding, Verdict
from policies.base import Action
from server import record
from server.audit.entries.entry import Entry, draft
from server.convert.decisions import finding as message_of

MEASURED = (("fpr_low", 0.004), ("outlying", 1.25), ("quality.jpeg", 60.0))


def found(measurements: tuple[tuple[str, float], ...] = MEASURED) -> Finding:
    return Finding(
        "learned", "sha256:0", "thing", Verdict.ABSTAINED, "Unlike.", "Blind.", codes=("a",), measurements=measurements
    )


def leaf(finding: dict[str, Any]) -> bytes:
    body = {"direction": "inbound", "media_digest": digest_of(b"media"), "findings": [finding]}
    entry = Entry(
        kind="decision",
        tenant="acme",
        actor="token",
        request_id="request-1",
        request_digest=digest_of(b"request"),
        body=body,
        action=Action.ALLOW,
        direction="inbound",
        media_digest=digest_of(b"media"),
    )
    return draft(entry, datetime(2026, 3, 1, tzinfo=UTC), bytes).leaf


def test_the_leaf_the_message_and_the_view_say_the_same() -> None:
    written = json.loads(leaf(record.finding_json(found())))["findings"][0]
    assert written["measurements"] == dict(MEASURED)
    message = message_of(written, {})
    assert dict(message.measurements) == dict(MEASURED)
    assert list(view_of(message)["measurements"].items()) == list(MEASURED)


def test_the_order_of_measurements_changes_no_leaf() -> None:
    written = record.finding_json(found())
    turned = written | {"measurements": dict(reversed(MEASURED))}
    assert leaf(written) == leaf(turned)


def test_a_finding_without_any_is_recorded_as_it_always_was() -> None:
    written = record.finding_json(found(()))
    assert "measurements" not in written
    message = message_of(written, {})
    assert not message.measurements
    assert view_of(message)["measurements"] == {}


@pytest.mark.parametrize("figure", [float("nan"), float("inf")])
def test_what_is_no_number_never_enters_a_leaf(figure: float) -> None:
    with pytest.raises(InvalidInput):
        leaf(record.finding_json(found((("outlying", figure),))))
