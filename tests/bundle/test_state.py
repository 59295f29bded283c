"""The verifier folds a history as the server does."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from countersign.verify.case.state import ACTIONS, action_name, fold
from policies.base import Action
from server.audit.entries import state as history

events = st.lists(st.tuples(st.just("review"), st.sampled_from([1, 2, 4])) | st.just(("appeal", 0)), max_size=8)


@given(st.integers(0, 4), events)
def test_both_folds_come_to_the_same(action: int, told: list[tuple[str, int]]) -> None:
    recorded = [history.Event(kind, decided, index) for index, (kind, decided) in enumerate(told, 1)]
    for length, state in enumerate(fold(action, told)):
        expected = history.fold(action, 0, recorded[:length])
        assert (state.review, state.action) == (expected.review.value, expected.action)


def test_actions_have_the_numbers_of_the_policies() -> None:
    assert {name: number for number, name in enumerate(ACTIONS) if name} == {each.name: each.value for each in Action}
    assert [action_name(number) for number in (-1, 0, 4, 5)] == ["", "", "BLOCK", ""]
