"""What is left of the plaintext that a leaf commits to, and what was erased."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from server.audit import Recorded


def disclosed(recorded: Recorded, entry: Mapping[str, Any]) -> dict[str, Any]:
    """Values by name, of `entry`'s commitments that can still be opened. Leaves of version 1 held the actor itself."""
    plain = {"actor": entry["actor"]} if "actor" in entry else {}
    return plain | {name: each.value for name, each in recorded.private.items()}


def erased(recorded: Recorded, entry: Mapping[str, Any]) -> list[str]:
    """Names of commitments that nothing opens any more."""
    return sorted(entry.get("private", {}).keys() - recorded.private.keys())
