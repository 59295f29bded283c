"""Policies, their versions and what they would decide → protobuf."""

from __future__ import annotations

from collections.abc import Iterable

from countersign.v1 import common_pb2
from countersign.v1 import policy_pb2 as pb
from detectors.base import Finding
from policies.base import Decision
from policies.cases import Report
from policies.problems import Problem
from server import record
from server.audit.entries.policy import Live
from server.convert.decisions import finding, reason
from server.convert.times import timestamp
from server.policy.versions import Taken, Version


def problem(value: Problem) -> pb.PolicyProblem:
    """Something that a document may not say."""
    return pb.PolicyProblem(
        source=value.source,
        line=value.position.line,
        column=value.position.column,
        rule=value.rule,
        message=value.message,
        hint=value.hint,
    )


def tested(report: Report) -> pb.TestPolicyResponse:
    """What became of test cases."""
    return pb.TestPolicyResponse(
        passed=report.ok,
        problems=[problem(each) for each in report.problems],
        cases=[
            pb.PolicyCase(
                name=result.case.name,
                line=result.case.position.line,
                action=action(result.decision),
                failures=result.failures,
            )
            for result in report.results
        ],
        gaps=[
            pb.PolicyProblem(source="policy", line=gap.position.line, rule=gap.rule, message=gap.message)
            for gap in report.gaps
        ],
    )


def version(value: Version, text: str = "", cases: str = "") -> pb.PolicyVersion:
    """A version with its steps."""
    return pb.PolicyVersion(
        digest=value.digest,
        cases_digest=value.cases,
        policy_id=value.id,
        version=value.version,
        standing=pb.PolicyStanding.Value(f"POLICY_STANDING_{value.standing.name}"),
        percent=value.percent,
        steps=[step(each) for each in value.steps],
        text=text,
        cases=cases,
    )


def step(value: Taken) -> pb.PolicyStep:
    """One step of a version's life."""
    return pb.PolicyStep(
        kind=pb.PolicyStepKind.Value(f"POLICY_STEP_KIND_{value.step.name}"),
        log_index=value.index,
        entry_id=value.entry_id,
        recorded_at=timestamp(value.at),
        actor=value.actor,
        note=value.note,
        percent=value.percent,
        tests_passed=value.passed,
        tests_failed=value.failed,
    )


def live(value: Live) -> pb.LivePolicy:
    """What the log says decides."""
    return pb.LivePolicy(
        stable_digest=value.stable,
        staged_digest=value.staged,
        staged_percent=value.percent,
        log_index=value.index,
        earlier_digests=value.earlier,
    )


def outcome(decision: Decision) -> pb.PolicyOutcome:
    """What a policy makes of something, without being recorded."""
    return pb.PolicyOutcome(
        policy_id=decision.policy_id,
        policy_digest=decision.policy_digest,
        action=action(decision),
        reasons=[reason(record.reason_json(each)) for each in decision.reasons],
        shadow_reasons=[reason(record.reason_json(each)) for each in decision.shadow],
    )


def unrecorded_findings(values: Iterable[Finding]) -> list[common_pb2.Finding]:
    """Findings without their evidence's data."""
    return [finding(record.finding_json(each), {}) for each in values]


def action(decision: Decision) -> common_pb2.Action.ValueType:
    """As the API numbers it."""
    return common_pb2.Action.Value(f"ACTION_{decision.action.name}")
