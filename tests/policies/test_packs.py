"""Every shipped policy: it loads, it decides as its cases say, and no small change of it would go unnoticed."""

from __future__ import annotations

from pathlib import Path

import pytest

from policies.cases import run_cases
from policies.engine import load_policy
from policies.files import DEFAULT_PACK, cases_of, packs
from policies.mutation import run_mutation
from policies.protected import BASE_FILE
from server.audit.export import read_mapping
from server.sources import all_sources

SOURCES = all_sources()
PACKS = [pytest.param(path, id=path.stem) for path in (BASE_FILE, *packs())]


@pytest.mark.parametrize("path", PACKS)
def test_a_pack_decides_as_its_cases_say_and_they_try_all_of_it(path: Path) -> None:
    report = run_cases(path.read_text(), cases_of(path).read_text(), SOURCES, policy_name=path.name)
    assert report.problems == ()
    assert [(result.case.name, result.failures) for result in report.failed] == []
    assert report.gaps == ()
    assert report.ok


@pytest.mark.parametrize("path", PACKS)
def test_no_change_of_a_pack_goes_unnoticed(path: Path) -> None:
    mutation = run_mutation(path.read_text(), cases_of(path).read_text(), SOURCES, name=path.name)
    assert [(each.rule, each.change, each.position.line) for each in mutation.survivors] == []
    assert mutation.ok


@pytest.mark.parametrize("path", PACKS)
def test_a_pack_says_what_it_cannot_check_and_that_it_is_no_legal_advice(path: Path) -> None:
    description = load_policy(path.read_text(), path.name, SOURCES).description
    assert "Cannot check:" in description
    assert "Not legal advice" in description


LAWS = ("eu-ai-act", "california", "china", "india", "take-it-down", "dsa")


@pytest.mark.parametrize("name", LAWS)
def test_each_rule_of_a_pack_for_a_law_cites_its_article(name: str) -> None:
    path = DEFAULT_PACK.with_name(f"{name}.yaml")
    for rule in load_policy(path.read_text(), path.name, SOURCES).own_rules:
        assert rule.rule.cites, rule.rule.id


def test_each_restriction_of_the_dsa_pack_is_explained_to_the_person_and_has_its_ground() -> None:
    path = DEFAULT_PACK.with_name("dsa.yaml")
    mapping = read_mapping(path.with_name("dsa.mapping.toml"))
    for compiled in load_policy(path.read_text(), path.name, SOURCES).own_rules:
        rule = compiled.rule
        assert rule.code in mapping.codes
        assert mapping.grounds(rule.code).ground
        if mapping.restrictions.of(rule.action) is not None:
            assert rule.user_text is not None
            for field in ("automated means", "complain", "court"):
                assert field in rule.user_text.text, (rule.id, field)
