"""What a recorded block comes down to → protobuf, for a platform's own messages."""

from __future__ import annotations

from countersign.v1 import generation_pb2 as pb
from policies.base import Action
from server import record
from server.audit import Recorded


def blocked(recorded: Recorded) -> pb.Blocked | None:
    """Of an order whose input or output the policy blocks; None of any other."""
    entry = record.decode(recorded)
    if entry["action"] != Action.BLOCK.name:
        return None
    reason = entry["reasons"][0]
    return pb.Blocked(
        stage=pb.Blocked.Stage.Value(f"STAGE_{entry['making']['stage'].upper()}"),
        category=reason["code"].partition(".")[0],
        code=reason["code"],
        user_text=reason.get("user_text", ""),
        support_id=recorded.decision_id,
        policy_digest=entry["policy"]["digest"],
    )
