"""Cases beside a policy: what they find, what they leave untried, and how a mistake in them is told."""

from __future__ import annotations

import json
from typing import Any

import pytest

from core.media import Kind
from detectors.base import FAILED, Verdict
from policies.cases import Report, run_cases
from policies.given import subject_of
from policies.protected import NO_BASE
from tests.policies.fakes import DETECTORS, document, rule

SCORED = rule("scored", "alpha.score > 0.5", "block", code="high", when_missing="skip", skip_reason="Not measured.")


def case(name: str = "one", given: dict[str, Any] | None = None, **expect: Any) -> dict[str, Any]:
    return {"name": name, "given": given or {}, "expect": {"action": "allow", "rules": []} | expect}


def run(*cases: dict[str, Any], rules: tuple[dict[str, Any], ...] = (SCORED,), **fields: Any) -> Report:
    text = json.dumps({"policy": "a-policy", "cases": list(cases)} | fields)
    return run_cases(document(*rules), text, DETECTORS, policy_name="p.yaml", cases_name="c.yaml", base=NO_BASE)


HIGH = case("high", {"alpha": "detected", "alpha.score": 0.6}, action="block", rules=["scored"], codes=["high"])
LOW = case("low", {"alpha": "not_detected", "alpha.score": 0.5})


def test_cases_that_try_everything_and_hold_are_fine() -> None:
    report = run(HIGH, LOW)
    assert report.ok
    assert (report.policy_id, len(report.results), report.gaps, report.problems) == ("a-policy", 2, (), ())


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({"action": "review"}, "expected review, got block because of scored (high): A text."),
        ({"rules": []}, "rules that fired unasked: scored"),
        ({"codes": ["low"]}, "codes that should have fired: low"),
        ({"shadow": {"scored": "block"}}, "rehearsed rules that should have fired: scored (block)"),
        ({"texts": {"scored": "Another."}}, "scored says 'A text.', not 'Another.'"),
    ],
)
def test_what_is_not_as_expected_is_told(changed: dict[str, Any], told: str) -> None:
    report = run({**HIGH, "expect": HIGH["expect"] | changed}, LOW)
    assert not report.ok
    (failed,) = report.failed
    assert told in failed.failures


def test_a_rehearsed_rule_is_expected_with_its_action() -> None:
    rehearsed = SCORED | {"mode": "shadow"}
    expect = {"action": "allow", "rules": [], "codes": []}
    held = {**HIGH, "expect": expect | {"shadow": {"scored": "block"}}}
    assert run(held, LOW, rules=(rehearsed,)).ok
    other = {**HIGH, "expect": expect | {"shadow": {"scored": "review"}}}
    assert not run(other, LOW, rules=(rehearsed,)).ok


def test_what_no_case_tries_is_a_gap() -> None:
    assert [gap.message for gap in run(HIGH).gaps] == [
        "it stays silent in no case",
        "no case has a value for which alpha.score > 0.5 does not hold",
    ]
    assert [gap.message for gap in run(LOW).gaps] == [
        "it fires in no case",
        "no case has a value for which alpha.score > 0.5 holds",
    ]
    unmeasured = run(case())
    assert {gap.rule for gap in unmeasured.gaps} == {"scored"}, "a rule that was skipped was not tried"
    assert len(unmeasured.gaps) == 4


def test_each_side_of_a_limit_counts_whichever_side_of_the_sign_it_stands_on() -> None:
    rules = (rule("mirrored", "-1.5 < alpha.score && alpha.detected", when_missing="skip", skip_reason="Why."),)
    report = run(case("below", {"alpha": "detected", "alpha.score": -1.5}), rules=rules)
    assert "no case has a value for which alpha.score > -1.5 holds" in [gap.message for gap in report.gaps]
    assert not any("does not hold" in gap.message for gap in report.gaps)


def test_a_rule_for_everything_is_silent_where_it_does_not_apply() -> None:
    rules = (rule("all", "true", applies_to={"direction": "outbound"}),)
    made = case("made", {"request.direction": "outbound"}, action="review", rules=["all"])
    assert [gap.message for gap in run(made, rules=rules).gaps] == ["it stays silent in no case"]
    assert run(made, case("uploaded"), rules=rules).ok


def test_what_all_cases_share_is_overridden_by_what_one_gives() -> None:
    shared = {"alpha": "not_detected", "alpha.score": 0.1}
    high = case("high", {"alpha.score": 0.9}, action="block", rules=["scored"])
    assert run(high, case("low"), common=shared).ok


@pytest.mark.parametrize(
    ("cases", "message", "hint"),
    [
        ([case(given={"alpah": "detected"})], "there is no signal 'alpah'", "did you mean 'alpha'?"),
        ([case(given={"alpha.scor": 1})], "there is no signal 'alpha.scor'", "did you mean 'alpha.score'?"),
        ([case(given={"alpha": "dectected"})], "no such verdict: 'dectected'", "did you mean 'detected'?"),
        ([case(given={"alpha.detected": True})], "alpha.detected follows from the verdict", "write `alpha:`"),
        ([case(given={"alpha.score": 0.4})], "no verdict of alpha", "add `alpha: detected`"),
        ([case(given={"alpha": "detected", "alpha.probability": 1.5})], "alpha.probability is never 1.5", ""),
        ([case(given={"alpha": "detected", "alpha.score": "high"})], "alpha.score must be a double", "such as 0.5"),
        ([case(given={"alpha": "detected", "alpha.codes": "x"})], "alpha.codes must be a list", "such as [a, b]"),
        ([case(given={"media.width": 1.5})], "media.width must be a int", ""),
        ([case(given={"media.width": -1})], "media.width is never -1", ""),
        ([case(given={"credential.ai_generated": "yes"})], "must be a bool", "true or false"),
        ([case(given={"credential.state": "trustd"})], "credential.state is never trustd", "did you mean 'trusted'?"),
        ([case(rules=["scord"])], "the policy has no rule 'scord'", "did you mean 'scored'?"),
        ([case(shadow={"scored": "deny"})], "`scored: deny` is not possible", "one of allow"),
        ([case(action="deny")], "`action: deny` is not possible", "one of allow"),
        ([case(texts={"other": "x"})], "unknown key 'other'", ""),
        ([case(), case()], "another case is named 'one'", "line 1"),
        ([{"name": "one", "expect": {"action": "allow"}}], "`expect` lacks `rules`", "or write []"),
        ([{"name": "one"}], "a case lacks `expect`", ""),
        (["one"], "a case must be a table", ""),
        ([], "`cases` must be a list with at least one case", ""),
    ],
)
def test_a_mistake_in_a_case_is_told_with_its_place(cases: list[Any], message: str, hint: str) -> None:
    report = run(*cases)
    assert not report.ok
    assert not report.results, "nothing is run of a document that is not understood"
    (problem,) = report.problems
    assert message in problem.message
    assert hint in problem.hint
    assert problem.source == "c.yaml"
    assert problem.position.column >= 1


def test_cases_of_another_policy_are_refused() -> None:
    (problem,) = run(HIGH, policy="another").problems
    assert "cases of 'another', not of 'a-policy'" in problem.message


@pytest.mark.parametrize("text", ["", "- 1", "policy: a-policy\ncases: {a: 1}", "a: &x 1", "policy: [", "cases: \x00"])
def test_hostile_documents_of_cases_are_problems_and_nothing_else(text: str) -> None:
    report = run_cases(document(SCORED), text, DETECTORS, base=NO_BASE)
    assert report.problems
    assert not report.ok


def test_cases_of_a_policy_that_does_not_load_are_not_run() -> None:
    report = run_cases(document(rule("bad", "alpha.scroe > 1.0")), "policy: a-policy", DETECTORS, base=NO_BASE)
    assert [problem.hint for problem in report.problems] == ["did you mean 'alpha.score'?"]
    assert report.policy_digest == ""


def test_what_a_case_does_not_give_is_a_plain_photo_that_nothing_looked_at() -> None:
    subject = subject_of({}, DETECTORS)
    assert (subject.kind, subject.mime, subject.direction, subject.findings) == (
        Kind.IMAGE,
        "image/jpeg",
        "inbound",
        (),
    )
    assert subject.credential.state == "none"
    video = subject_of({"media.kind": "video", "still": "detected", "alpha": "failed"}, DETECTORS)
    assert (video.mime, video.duration) == ("video/mp4", 10.0)
    (finding,) = video.findings
    assert (finding.detector, finding.verdict, finding.codes) == ("alpha", Verdict.ABSTAINED, (FAILED,))
    assert [each.detector for each in video.findings] == ["alpha"], "what examines pictures only is left out"
