"""What the type checker and the rulings refuse at load, and with which advice."""

from __future__ import annotations

import pytest

from core.errors import ConfigurationError
from policies.signals import declare
from tests.policies.fakes import ALPHA, FakeDetector, document, policy, problem_with, problems, rule

START = len(
    '{"id": "a-policy", "version": "1", "description": "A test.", "rules": [{"id": "the-rule", "title": "the-rule"'
)
START += len(', "when": "') + 1  # the column of a condition's first character in `document(rule(…))`


@pytest.mark.parametrize(
    ("when", "column", "message", "hint"),
    [
        ("alpha.scor > 0.5", 1, "there is no signal 'alpha.scor'", "did you mean 'alpha.score'?"),
        ("alhpa.score > 0.5", 1, "there is no signal 'alhpa.score'", "did you mean 'alpha.score'?"),
        ("true || zeta.detected", 9, "there is no signal 'zeta.detected'", "did you mean 'beta.detected'?"),
        ("alpha.score > 1", 13, "> does not take double on the left and int on the right", "such as 1.0"),
        ("media.width > 1.5", 13, "> does not take int on the left and double on the right", "decimal point"),
        ("alpha.codes == 'a'", 13, "== does not take list(string) on the left", "write 'word' in the.list"),
        ("alpha.score", 1, "the condition must be true or false, and this is of type double", ""),
        ("credential.state == 'trustd'", 21, "credential.state is never 'trustd'", "did you mean 'trusted'?"),
        (
            "credential.state in ['trusted', 'none', 'nonne']",
            41,
            "credential.state is never 'nonne'",
            "did you mean 'none'?",
        ),
        ("'outbond' != request.direction", 1, "request.direction is never 'outbond'", "did you mean 'outbound'?"),
        ("media.kind == 'audio'", 15, "media.kind is never 'audio'", "known: image, video"),
        ("alpha.probability > 1.0", 21, "can never come true: alpha.probability is from 0 to 1", ""),
        ("1.5 <= alpha.probability", 1, "can never come true", ""),
        ("media.width < 0", 15, "can never come true: media.width is never below 0", ""),
        ("alpha.detected and beta.detected", 16, "this is not CEL", "CEL writes && for and"),
        ("alpha.score >", 14, "this is not CEL", "something is missing here"),
        ("1 > 2", 1, "the condition reads no signal and never holds", ""),
        ("1 / 0 > 2", 1, "the condition reads no signal and never holds", ""),
        ("double(media.width) / alpha.score > 1.0", 21, "division by something that may be zero", "multiply"),
        ("alpha.score / 0.0 > 1.0", 13, "division by something that may be zero", "multiply"),
        ("double(media.mime) > 1.0", 7, "a text cannot be turned into a number here", "compare it as a text"),
        ("media.mime + 'x' == 'yx'", 12, "texts and lists cannot be joined", "compare the parts"),
        ("alpha.codes + ['x'] == ['y']", 13, "texts and lists cannot be joined", "compare the parts"),
        ("media.mime.matches('((')", 20, "'((' is not a pattern", "RE2"),
        ("media.mime.matches(request.task)", 19, "the pattern of matches() must be written out", ""),
        ("'x' in {'x': media.width}", 8, "map literals, messages and has() are not part", ""),
        ("dyn(media.width) == 1", 4, "dyn() is not part of the policy language", ""),
        ("type(media.width) == int", 5, "type() is not part of the policy language", ""),
    ],
)
def test_what_cannot_mean_anything_is_refused(when: str, column: int, message: str, hint: str) -> None:
    found = problem_with(when)
    assert found.rule == "the-rule"
    assert message in found.message
    assert hint in found.hint
    assert (found.position.line, found.position.column - START + 1) == (1, column)


def test_every_fault_of_a_condition_is_reported() -> None:
    text = document(rule("the-rule", "alpha.scor > 0.5 || beta.scre > 0.5"))
    assert [problem.hint for problem in problems(text)] == [
        "did you mean 'alpha.score'?",
        "did you mean 'beta.score'?",
    ]


@pytest.mark.parametrize(
    "when",
    [
        "true",
        "alpha.codes.exists(code, code.startsWith('list.')) // a comment",
        "alpha.codes.filter(code, code.matches('^a+$')).size() >= 2",
        "alpha.codes.exists_one(code, code in beta.codes)",
        "alpha.codes.all(one, beta.codes.exists(other, one == other))",
        "double(media.width) > 3.0 * double(media.height)",
        "alpha.score / 2.0 > -1.0 ? alpha.detected : media.width % 2 == 1",
        "!(credential.state in ['trusted', 'none']) && size(credential.codes) > 0",
        "alpha.probability >= 1.0 || alpha.probability == 0.0",
    ],
)
def test_what_staff_need_is_accepted(when: str) -> None:
    assert problems(document(rule("the-rule", when))) == []


def test_a_rule_that_could_never_be_judged_for_a_kind_must_say_so() -> None:
    found = problem_with("still.detected", when_missing=None)
    assert found.message == "the rule could never be judged for video: still.detected has no value there"
    for fields in ({"applies_to": {"kinds": ["image"]}}, {"when_missing": "review"}):
        assert problems(document(rule("the-rule", "still.detected", **fields))) == []
    assert problems(document(rule("the-rule", "still.abstained || !still.ran"))) == []


@pytest.mark.parametrize("name", ["credential", "media", "request", "in", "Alpha", "al-pha", "__given"])
def test_a_detector_whose_name_cannot_be_a_signal_is_refused(name: str) -> None:
    with pytest.raises(ConfigurationError, match="cannot be used in policies"):
        declare([FakeDetector(name)])


def test_two_detectors_of_one_name_are_refused() -> None:
    with pytest.raises(ConfigurationError, match="two detectors are named 'alpha'"):
        declare([ALPHA, ALPHA])


def test_loading_raises_one_error_with_every_problem() -> None:
    with pytest.raises(ConfigurationError) as caught:
        policy(rule("one", "alpha.scor > 0.5"), rule("two", "alpha.score > 1"))
    assert len(str(caught.value).splitlines()) == 2
