"""Why a decision came out as it did → protobuf."""

from __future__ import annotations

from countersign.v1 import common_pb2
from countersign.v1 import policy_pb2 as pb
from policies.base import Action
from policies.explaining import Alternative, NearMiss
from policies.rules import Mode
from server.audit import Recorded
from server.convert.decisions import decision
from server.convert.policies import outcome
from server.policy.explaining import Explained


def explained(recorded: Recorded, value: Explained) -> pb.ExplainDecisionResponse:
    """The decision as recorded, and what nearly happened."""
    found = value.explanation
    return pb.ExplainDecisionResponse(
        decision=decision(recorded),
        outcome=outcome(found.decision),
        reproduced=value.reproduced,
        missing_signals=value.missing,
        near_misses=[near_miss(each) for each in found.near],
        milder=alternative(found.milder) if found.milder else None,
        stricter=alternative(found.stricter) if found.stricter else None,
    )


def near_miss(value: NearMiss) -> pb.NearMiss:
    """A rule that nearly fired."""
    return pb.NearMiss(
        rule=value.rule,
        title=value.title,
        action=_action(value.action),
        shadow=value.mode is Mode.SHADOW,
        text=value.text,
    )


def alternative(value: Alternative) -> pb.Alternative:
    """A change that would have led to another action."""
    return pb.Alternative(action=_action(value.action), rule=value.rule, signal=value.change.signal, text=value.text)


def _action(value: Action) -> common_pb2.Action.ValueType:
    return common_pb2.Action.Value(f"ACTION_{value.name}")
