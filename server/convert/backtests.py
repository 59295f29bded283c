"""What a backtest comes to → protobuf."""

from __future__ import annotations

from countersign.v1 import common_pb2
from countersign.v1 import policy_pb2 as pb
from server.policy.backtest import Cell, Group, Progress, Result, RuleCount


def backtest_part(part: Progress | Result) -> pb.BacktestPolicyResponse:
    """A message of the stream."""
    if isinstance(part, Progress):
        return pb.BacktestPolicyResponse(progress=pb.BacktestProgress(done=part.done, total=part.total))
    return pb.BacktestPolicyResponse(result=result(part))


def result(value: Result) -> pb.Backtest:
    """What the candidate would have changed."""
    return pb.Backtest(
        policy_id=value.policy_id,
        policy_digest=value.policy_digest,
        decisions=value.decisions,
        replayed=value.replayed,
        changed=value.changed,
        refused=value.refused,
        not_replayable=value.not_replayable,
        missing_signals=value.unknown,
        matrix=[cell(each) for each in value.matrix],
        rules=[rule(each, value.own) for each in value.rules],
        labels=[group(each) for each in value.labels],
        tenants=[group(each) for each in value.tenants],
        decided_by=value.decided_by,
        seconds=value.seconds,
    )


def cell(value: Cell) -> pb.BacktestCell:
    """A cell of a matrix."""
    return pb.BacktestCell(
        from_action=_action(value.before),
        to_action=_action(value.after),
        count=value.count,
        decision_ids=value.samples,
    )


def rule(value: RuleCount, own: frozenset[str]) -> pb.BacktestRule:
    """One rule's part. own: rules of the candidate."""
    return pb.BacktestRule(
        rule=value.rule,
        fired_before=value.before,
        fired_after=value.after,
        decides_changes=value.decides,
        decided_changes=value.decided,
        removed=value.rule not in own,
    )


def group(value: Group) -> pb.BacktestGroup:
    """The decisions of a label or a tenant."""
    matrix = [cell(each) for each in value.matrix]
    return pb.BacktestGroup(name=value.name, replayed=value.replayed, changed=value.changed, matrix=matrix)


def _action(name: str) -> common_pb2.Action.ValueType:
    return common_pb2.Action.Value(f"ACTION_{name}")
