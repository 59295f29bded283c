"""The mutation run itself: which changes it makes, and that it tells those which no case notices."""

from __future__ import annotations

import json
from typing import Any

import pytest

from core.errors import ConfigurationError
from policies.document import document_of
from policies.engine import load_policy
from policies.fields import Notes
from policies.mutants import Mutant, mutants
from policies.mutation import Mutation, run_mutation
from policies.protected import NO_BASE
from policies.signals import declare
from policies.strict_yaml import read
from tests.policies.fakes import DETECTORS, document, rule


def mutants_of(*rules: dict[str, Any], **shared: Any) -> list[Mutant]:
    text = document(*rules, **shared)
    return list(mutants(read(text), load_policy(text, "p", DETECTORS, NO_BASE), declare(DETECTORS)))


def changes(*rules: dict[str, Any], **shared: Any) -> list[str]:
    return [mutant.change for mutant in mutants_of(*rules, **shared)]


def mutation(rules: list[dict[str, Any]], *cases: dict[str, Any]) -> Mutation:
    return run_mutation(
        document(*rules), json.dumps({"policy": "a-policy", "cases": list(cases)}), DETECTORS, base=NO_BASE
    )


def test_every_part_of_a_rule_is_changed() -> None:
    scoped = rule(
        "one",
        'alpha.score > 0.5 && media.mime in ["image/png", "image/webp"]',
        when_missing="skip",
        skip_reason="Why.",
        applies_to={"direction": "inbound", "surfaces": ["feed", "chat"]},
    )
    assert changes(scoped) == [
        "the rule removed",
        *(f"the action review → {name}" for name in ("allow", "label", "block")),
        "mode live → shadow",
        "when_missing: skip → review",
        "applies_to.direction removed",
        "applies_to.surfaces removed",
        "applies_to.surfaces without feed",
        "applies_to.surfaces without chat",
        "the condition negated",
        "in the condition, '&&' replaced by '||'",
        "in the condition, '0.5' replaced by '0.55'",
        "in the condition, '0.5' replaced by '0.45'",
        "in the condition, '\"image/png\"' left out",
        "in the condition, '\"image/webp\"' left out",
    ]


def test_whole_numbers_are_moved_by_one_and_zero_is_not_moved_below() -> None:
    moved = [change for change in changes(rule("one", "media.width < 9 || media.height > 0")) if "'9'" in change]
    assert moved == ["in the condition, '9' replaced by '10'", "in the condition, '9' replaced by '8'"]
    zero = [change for change in changes(rule("one", "media.height > 0")) if "'0'" in change]
    assert zero == ["in the condition, '0' replaced by '1'"]


def test_what_rules_share_is_changed_once() -> None:
    shared = {"thresholds": {"high": 0.5, "wide": 8}, "lists": {"feeds": ["feed", "chat"]}}
    condition = "alpha.score > thresholds.high && media.width > thresholds.wide && request.surface in lists.feeds"
    found = changes(rule("one", condition, when_missing="review"), **shared)
    assert found[:6] == [
        "thresholds.high 0.5 → 0.55",
        "thresholds.high 0.5 → 0.45",
        "thresholds.wide 8 → 9",
        "thresholds.wide 8 → 7",
        "lists.feeds without feed",
        "lists.feeds without chat",
    ]
    assert [change for change in found if "in the condition" in change] == [
        "in the condition, '&&' replaced by '||'",
        "in the condition, '&&' replaced by '||'",
    ]


def test_periods_shares_and_exemptions_are_taken_away() -> None:
    limited = rule(
        "one",
        "media.width > 9",
        effective_from="2026-08-02",
        effective_until="2027-08-02",
        rollout=50,
        exemptions=["media.height > 9"],
    )
    found = changes(limited)
    for key in ("exemptions", "effective_from", "effective_until", "rollout"):
        assert f"{key} removed" in found


def test_a_hard_block_becomes_a_plain_rule_of_another_action() -> None:
    hard = rule("one", "alpha.detected", "block", hard=True, when_missing="review")
    assert not any("hard" in change for change in changes(hard)), "nothing here could tell the difference"
    exempting = rule("two", "media.width > 9", "allow", exemption=True)
    assert "hard removed" in changes(hard, exempting)
    for mutant in mutants_of(hard):
        notes = Notes("a mutant")
        read_back = document_of(mutant.root, notes)
        if "action" in mutant.change:
            assert notes.all() == []
            assert read_back is not None
            assert read_back.rules[0].hard is False


SCORED = rule("scored", "alpha.score > 0.5", "block", when_missing="skip", skip_reason="Why.")
OTHER = rule("other", "beta.detected", "review", when_missing="skip", skip_reason="Why.")


def case(name: str, score: float, *fired: str, **given: str) -> dict[str, Any]:
    return {
        "name": name,
        "given": {"alpha": "not_detected", "alpha.score": score, **given},
        "expect": {"action": "block" if fired else "allow", "rules": list(fired), "shadow": {}},
    }


SILENT: dict[str, Any] = {"name": "no score", "expect": {"action": "allow", "rules": []}}


def test_cases_close_to_a_limit_notice_that_it_moved() -> None:
    found = mutation([SCORED], case("just above", 0.52, "scored"), case("just below", 0.48), SILENT)
    assert found.survivors == ()
    assert found.ok


def test_cases_far_from_a_limit_do_not() -> None:
    found = mutation([SCORED], case("far above", 0.9, "scored"), case("far below", 0.1), SILENT)
    assert [each.change for each in found.survivors] == [
        "in the condition, '0.5' replaced by '0.55'",
        "in the condition, '0.5' replaced by '0.45'",
    ]
    assert {each.rule for each in found.survivors} == {"scored"}
    assert not found.ok


def test_a_rule_that_no_case_reaches_survives_whatever_is_done_to_it() -> None:
    cases = [case("just above", 0.52, "scored"), case("just below", 0.48), SILENT]
    found = mutation([SCORED, OTHER], *cases)
    assert "the rule removed" in {each.change for each in found.survivors if each.rule == "other"}


def test_cases_that_are_not_in_order_are_an_error_and_not_a_result() -> None:
    with pytest.raises(ConfigurationError, match="no rule 'absent'"):
        mutation([SCORED], case("one", 0.6, "absent"))
