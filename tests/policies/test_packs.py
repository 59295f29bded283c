"""Every shipped policy: it loads, it decides as its cases say, and no small change of it would go unnoticed."""

from __future__ import annotations

from pathlib import Path

import pytest

from policies.cases import run_cases
from policies.files import cases_of, packs
from policies.mutation import run_mutation
from policies.protected import BASE_FILE
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
