"""The base that every policy is joined with cannot be taken out, weakened or imitated."""

from __future__ import annotations

from typing import Any

import pytest

from core.errors import ConfigurationError
from core.media import digest_of
from policies.base import Action, Subject
from policies.engine import RulePolicy, find_problems, load_policy
from policies.protected import BASE_FILE, NO_BASE, Base, shipped
from tests.policies.fakes import DETECTORS, FakeDetector, document, problems, rule, subject

HARD = {"hard": True, "protected": True}
BASE = Base(document(rule("base-rule", "media.width > 1000", "block", **HARD), thresholds={"t": 1}), "base.yaml")


def joined(*rules: dict[str, Any], base: Base = BASE, **fields: Any) -> RulePolicy:
    return load_policy(document(*rules, **fields), "a-policy.yaml", DETECTORS, base)


def test_every_policy_holds_the_base() -> None:
    loaded = joined(rule("own", "media.width < 1"))
    assert [each.rule.id for each in loaded.rules] == ["base-rule", "own"]
    decision = loaded.decide(subject(width=2000))
    assert (decision.action, decision.reasons[0].rule) == (Action.BLOCK, "base-rule")
    assert loaded.base_digest == digest_of(BASE.text.encode())
    assert loaded.digest != joined(rule("own", "media.width < 2")).digest


@pytest.mark.parametrize(
    "softening",
    [
        {"action": "allow", "exemption": True},
        {"action": "allow"},
        {"action": "label", "mode": "shadow"},
    ],
)
def test_nothing_in_a_policy_softens_it(softening: dict[str, Any]) -> None:
    loaded = joined(rule("own", "true", **softening), thresholds={"t": 10**9})
    assert loaded.decide(subject(width=2000)).action is Action.BLOCK


def test_its_ids_are_taken() -> None:
    found = find_problems(document(rule("base-rule", "media.width < 1")), "a-policy.yaml", DETECTORS, BASE)
    assert [problem.message for problem in found] == ["a protected rule of the built-in base has this id"]
    with pytest.raises(ConfigurationError, match="choose another id"):
        joined(rule("base-rule", "media.width < 1"))


def test_no_policy_s_own_rule_is_protected() -> None:
    found = problems(document(rule("one", "true", "block", **HARD)))
    assert [problem.message for problem in found] == ["`protected` belongs to the built-in base"]


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"protected": None}, "must say `protected: true`"),
        ({"hard": None}, "must be `hard: true`"),
        ({"mode": "shadow"}, "must not exempt or be in shadow mode"),
        ({"action": "label", "hard": None}, "must block or send to review"),
        ({"rollout": 50}, "holds always and for everything"),
        ({"effective_from": "2026-01-01"}, "holds always and for everything"),
    ],
)
def test_a_base_that_can_be_got_round_is_refused(fields: dict[str, Any], message: str) -> None:
    soft = Base(document(rule("base-rule", "true", **({"action": "block"} | HARD | fields))), "base.yaml")
    with pytest.raises(ConfigurationError, match=message):
        joined(rule("own", "true"), base=soft)


def test_a_base_that_does_not_load_keeps_every_policy_from_loading() -> None:
    for text in ("rules: [", document(rule("base-rule", "alpha.scor > 1.0", "block", **HARD))):
        with pytest.raises(ConfigurationError, match=r"base\.yaml"):
            joined(rule("own", "true"), base=Base(text, "base.yaml"))


def test_the_base_can_be_loaded_alone() -> None:
    loaded = load_policy(BASE.text, "base.yaml", DETECTORS, BASE)
    assert [each.rule.id for each in loaded.rules] == ["base-rule"]


def test_no_base_has_no_rules() -> None:
    assert [each.rule.id for each in joined(rule("own", "true"), base=NO_BASE).rules] == ["own"]


def test_the_shipped_base_is_that_of_the_file_and_blocks_orders() -> None:
    assert shipped().digest == digest_of(BASE_FILE.read_bytes())
    loaded = load_policy(
        document(rule("own", "media.width < 1")), "a-policy.yaml", (*DETECTORS, FakeDetector("known_hash"))
    )
    asked = Subject("outbound", stage="input", prompt="a nude child")
    assert loaded.decide(asked).action is Action.BLOCK
    assert loaded.decide(Subject("outbound", stage="input", prompt="a child with a kite")).action is Action.ALLOW
