"""Policies as JSON: versions, what decides, and what trying one out came to."""

from __future__ import annotations

from collections.abc import Iterable

from countersign.receipts import receipt_json
from countersign.v1 import policy_pb2 as pb
from countersign.views.decisions import decision_json, finding_json, reason_json
from countersign.views.values import Json, action_name, enum_name, moment, optional


def problem_json(problem: pb.PolicyProblem) -> Json:
    """Something that a document may not say. line and column count from 1."""
    return {
        "source": problem.source,
        "line": problem.line,
        "column": problem.column,
        "rule": problem.rule,
        "message": problem.message,
        "hint": problem.hint,
    }


def tests_json(answer: pb.TestPolicyResponse) -> Json:
    """The object of `policy test --json`, of a version on record."""
    return {
        "ok": answer.passed,
        "problems": [problem_json(each) for each in answer.problems],
        "cases": [
            {
                "name": case.name,
                "line": case.line,
                "ok": not case.failures,
                "action": action_name(case.action),
                "failures": list(case.failures),
            }
            for case in answer.cases
        ],
        "gaps": [problem_json(each) for each in answer.gaps],
    }


def step_json(step: pb.PolicyStep) -> Json:
    """One step of a version's life."""
    return {
        "kind": enum_name(pb.PolicyStepKind, step.kind, "POLICY_STEP_KIND_"),
        "log_index": step.log_index,
        "entry_id": step.entry_id,
        "recorded_at": moment(step, "recorded_at"),
        "actor": step.actor,
        "note": step.note,
        "percent": optional(step, "percent"),
        "tests_passed": step.tests_passed,
        "tests_failed": step.tests_failed,
    }


def version_json(version: pb.PolicyVersion) -> Json:
    """The object of `policy show --json`."""
    return {
        "digest": version.digest,
        "policy_id": version.policy_id,
        "version": version.version,
        "standing": enum_name(pb.PolicyStanding, version.standing, "POLICY_STANDING_"),
        "percent": version.percent,
        "cases_digest": version.cases_digest,
        "steps": [step_json(each) for each in version.steps],
        "text": version.text,
        "cases": version.cases,
    }


def live_json(live: pb.LivePolicy) -> Json:
    """What the log says decides. An empty digest: what each server's own configuration names."""
    return {
        "stable_digest": live.stable_digest,
        "staged_digest": live.staged_digest,
        "staged_percent": live.staged_percent,
        "log_index": live.log_index,
        "earlier_digests": list(live.earlier_digests),
    }


def policies_json(answer: pb.ListPoliciesResponse) -> Json:
    """The object of `policy list --json`."""
    return {
        "live": live_json(answer.live),
        "deciding": {"policy_id": answer.deciding_id, "digest": answer.deciding_digest},
        "stale": answer.stale,
        "versions": [version_json(each) for each in answer.versions],
    }


def step_taken_json(
    answer: pb.ProposePolicyResponse | pb.ApprovePolicyResponse | pb.ActivatePolicyResponse | pb.RollBackPolicyResponse,
) -> Json:
    """The object of `policy propose|approve|activate|rollback --json`; the receipt is the step's."""
    view = {"version": version_json(answer.version), "receipt": receipt_json(answer.receipt)}
    if isinstance(answer, pb.ActivatePolicyResponse | pb.RollBackPolicyResponse):
        view["live"] = live_json(answer.live)
    return view


def outcome_json(outcome: pb.PolicyOutcome) -> Json:
    """What a policy makes of something."""
    return {
        "policy_id": outcome.policy_id,
        "policy_digest": outcome.policy_digest,
        "action": action_name(outcome.action),
        "reasons": [reason_json(each) for each in outcome.reasons],
        "shadow_reasons": [reason_json(each) for each in outcome.shadow_reasons],
    }


def dry_run_json(file: str, answer: pb.DryRunPolicyResponse) -> Json:
    """One element of `policy dry-run --json`."""
    return {
        "file": file,
        "media_digest": answer.media_digest,
        "changed": answer.live.action != answer.candidate.action,
        "live": outcome_json(answer.live),
        "candidate": outcome_json(answer.candidate),
        "findings": [finding_json(each) for each in answer.findings],
    }


def backtest_json(result: pb.Backtest) -> Json:
    """The object of `policy backtest --json`."""
    return {
        "policy_id": result.policy_id,
        "policy_digest": result.policy_digest,
        "decisions": result.decisions,
        "replayed": result.replayed,
        "changed": result.changed,
        "refused": result.refused,
        "not_replayable": result.not_replayable,
        "missing_signals": dict(sorted(result.missing_signals.items())),
        "matrix": matrix_json(result.matrix),
        "rules": [
            {
                "rule": rule.rule,
                "fired_before": rule.fired_before,
                "fired_after": rule.fired_after,
                "decided_changes": rule.decided_changes,
                "decides_changes": rule.decides_changes,
                "removed": rule.removed,
            }
            for rule in result.rules
        ],
        "labels": [group_json(each) for each in result.labels],
        "tenants": [group_json(each) for each in result.tenants],
        "decided_by": dict(sorted(result.decided_by.items())),
        "seconds": result.seconds,
    }


def matrix_json(cells: Iterable[pb.BacktestCell]) -> list[Json]:
    """Decisions from one action to another."""
    return [
        {
            "from": action_name(cell.from_action),
            "to": action_name(cell.to_action),
            "count": cell.count,
            "decision_ids": list(cell.decision_ids),
        }
        for cell in cells
    ]


def group_json(group: pb.BacktestGroup) -> Json:
    """The decisions of a label or of a tenant."""
    return {
        "name": group.name,
        "replayed": group.replayed,
        "changed": group.changed,
        "matrix": matrix_json(group.matrix),
    }


def explained_json(answer: pb.ExplainDecisionResponse) -> Json:
    """The object of `policy explain --json`."""
    return {
        "decision": decision_json(answer.decision),
        "outcome": outcome_json(answer.outcome),
        "reproduced": answer.reproduced,
        "missing_signals": list(answer.missing_signals),
        "near_misses": [
            {
                "rule": near.rule,
                "title": near.title,
                "action": action_name(near.action),
                "shadow": near.shadow,
                "text": near.text,
            }
            for near in answer.near_misses
        ],
        "milder": alternative_json(answer.milder) if answer.HasField("milder") else None,
        "stricter": alternative_json(answer.stricter) if answer.HasField("stricter") else None,
    }


def alternative_json(alternative: pb.Alternative) -> Json:
    """A change that would have led to another action."""
    return {
        "action": action_name(alternative.action),
        "rule": alternative.rule,
        "signal": alternative.signal,
        "text": alternative.text,
    }
