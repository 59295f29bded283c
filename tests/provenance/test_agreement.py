"""Our verdict and that of an implementation that shares no code with ours, on every case of the proof table."""

from __future__ import annotations

import pytest

from core.credential import CredentialState
from tests.provenance.cases import CASES, Case, Materials
from tests.provenance.conftest import Validate
from tests.provenance.files import MIMES
from tests.provenance.table import DOCUMENT, SAME, Judged, judge_all, replaced, table


@pytest.fixture(scope="module")
def results(have: Materials, validate: Validate) -> dict[str, list[Judged]]:
    return {case.name: judge_all(case, have, validate) for case in CASES}


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_our_reader_finds_what_it_must(case: Case, results: dict[str, list[Judged]]) -> None:
    assert [one for one in results[case.name] if not one.expected] == []


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_both_mean_the_same_or_differ_for_a_reason_given(case: Case, results: dict[str, list[Judged]]) -> None:
    assert [one for one in results[case.name] if not one.permitted] == []
    assert bool(case.why) is bool(case.theirs)


def test_a_reason_that_nothing_needs_is_taken_out(results: dict[str, list[Judged]]) -> None:
    for case in CASES:
        if case.theirs:
            assert any(not one.agrees for one in results[case.name]), case.name


def test_nothing_is_trusted_here_that_the_other_refuses(results: dict[str, list[Judged]]) -> None:
    for each in results.values():
        assert all(one.word == "trusted" for one in each if one.state is CredentialState.TRUSTED)


def test_the_table_in_the_document_is_this_one(results: dict[str, list[Judged]]) -> None:
    """`python -m tests.provenance.table` writes it."""
    document = DOCUMENT.read_text()
    assert replaced(document, table([one for each in results.values() for one in each])) == document


def test_the_table_is_as_large_as_it_should_be() -> None:
    assert len(CASES) == len({case.name for case in CASES}) >= 28
    assert {mime for case in CASES for mime in case.mimes} == set(MIMES)
    assert SAME.keys() <= set(CredentialState)
    assert {case.state for case in CASES} == SAME.keys()
