"""What cannot be decided on again says so, and where to look instead."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from core.errors import PreconditionFailed
from server.audit import Recorded
from server.policy.explaining import policy_of


def recorded(**leaf: Any) -> Recorded:
    at = datetime(2026, 8, 1, tzinfo=UTC)
    return Recorded(0, "decision", "decision", "acme", "request", "", at, json.dumps(leaf).encode(), fresh=False)


@pytest.mark.parametrize(
    ("leaf", "said"),
    [
        ({"policy": {"digest": "sha256:aa"}}, "about an order"),
        ({"refusal": {"code": "corrupt_media"}, "media": {}}, "refused before any policy looked at it"),
    ],
)
def test_what_cannot_be_decided_on_again_is_shown_as_recorded(leaf: dict[str, Any], said: str) -> None:
    with pytest.raises(PreconditionFailed, match=f"{said}.*: `countersign log show` tells what is recorded"):
        policy_of(recorded(**leaf))


def test_what_was_decided_on_media_names_its_policy() -> None:
    assert policy_of(recorded(media={}, policy={"digest": "sha256:aa"})) == "sha256:aa"
