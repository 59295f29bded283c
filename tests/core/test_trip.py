"""A hijacked worker may say anything: nothing of it is believed, and nothing but ParserFailed comes of it."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import LimitExceeded, ParserFailed
from core.media import View
from core.sandbox.failures import describe, revive
from core.sandbox.trip import views_of

MEMORY = np.arange(256, dtype=np.uint8)


def _view(**changes: Any) -> dict[str, Any]:
    return {"facts": {}, "arrays": [], "error": ""} | changes


def _array(**changes: Any) -> dict[str, Any]:
    return {"name": "a", "dtype": "|u1", "shape": [2], "offset": 0} | changes


def _views(view: Any) -> dict[str, View]:
    return views_of({"views": {"p": view}}, ["p"], MEMORY)


def test_a_sound_view() -> None:
    array = _array(dtype="<u2", shape=[2, 3], offset=64)
    (view,) = _views(_view(facts={"a": 1}, arrays=[array], error="e")).values()
    assert (view.facts, view.error) == ({"a": 1}, "e")
    assert view.arrays["a"].tolist() == MEMORY[64:76].view("<u2").reshape(2, 3).tolist()


@pytest.mark.parametrize("head", [{}, {"views": []}, {"views": {}}, {"views": {"q": _view()}}, {"ready": True}])
def test_other_views_than_were_asked_for(head: dict[str, Any]) -> None:
    with pytest.raises(ParserFailed, match="malformed"):
        views_of(head, ["p"], MEMORY)


@pytest.mark.parametrize(
    "view",
    [
        None,
        _view(facts=[]),
        _view(error=None),
        _view(arrays={}),
        _view(arrays=[None]),
        _view(arrays=[_array()] * 257),
        *(
            _view(arrays=[_array(**changes)])
            for changes in (
                *({"name": 1}, {"name": None}),
                *({"dtype": "O"}, {"dtype": "|O8"}, {"dtype": ["|u1"]}, {"dtype": ">u2"}, {"dtype": None}),
                *({"shape": [1 << 40, 1 << 40]}, {"shape": [-1, -5]}, {"shape": [257]}, {"shape": [True]}),
                *({"shape": None}, {"shape": [0] * 7}, {"shape": [1.0]}, {"shape": "2"}),
                *({"offset": -64}, {"offset": 1}, {"offset": 256}, {"offset": "0"}, {"offset": None}),
                *({"dtype": "<f8", "shape": [33]}, {"dtype": "<f8", "shape": [1], "offset": 252}),
            )
        ),
    ],
)
def test_a_malformed_view(view: Any) -> None:
    with pytest.raises(ParserFailed, match="malformed"):
        _views(view)


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=3)
    | st.sampled_from(["|u1", "<f8", "a"]),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(["name", "dtype", "shape", "offset", "facts", "arrays", "error"]), inner, max_size=7
        )
    ),
    max_leaves=20,
)
ARRAY = st.fixed_dictionaries(
    {
        "name": st.just("a"),
        "dtype": st.sampled_from(["|u1", "<u2", "<f8"]),
        "shape": st.lists(st.integers(-2, 40), max_size=4),
        "offset": st.sampled_from([0, 64, 128, 192, 256, -64, 7]),
    }
)


@given(JSON | st.builds(_view, arrays=st.lists(ARRAY | JSON, max_size=3)))
def test_any_view_is_refused_or_lies_in_the_memory(view: Any) -> None:
    try:
        (read,) = _views(view).values()
    except ParserFailed:
        return
    for array in read.arrays.values():
        assert array.size == 0 or np.shares_memory(array, MEMORY)


@given(JSON | st.fixed_dictionaries({"type": JSON, "message": JSON, "field": JSON}))
def test_any_failure_is_one_of_ours(failure: Any) -> None:
    error = revive(failure)
    assert isinstance(error, ParserFailed | LimitExceeded)
    assert len(error.message) <= 2000


def test_a_failure_crosses_unchanged() -> None:
    error = LimitExceeded("m", field="f", limit="l", found="v")
    assert describe(revive(describe(error))) == describe(error)
