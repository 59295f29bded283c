"""Boxes of a real store deleted, repeated, exchanged, renamed, cut and nested: whatever comes of it is judged."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.credential import CredentialState
from server import convert, record
from server.provenance import Identity, Trust
from tests.provenance.boxes import MUTATIONS, Box, carried, mutate, store_in
from tests.provenance.manifests import Part, act, actions, produce
from tests.provenance.signers import judged
from tests.provenance.surgery import PNG


@pytest.fixture(scope="module")
def page(identity: Identity) -> bytes:
    """A PNG with two manifests: its own, and that of what it was made from."""
    steps = actions(act("c2pa.opened", "photo"), act("c2pa.resized"))
    return produce("page", identity, steps, parts=[Part("photo", produce("photo", identity))], mime=PNG)


STEP = st.tuples(
    st.sampled_from(sorted(MUTATIONS)), st.integers(0, 10**6), st.integers(0, 10**6), st.binary(max_size=8)
)


@settings(deadline=None, max_examples=250)  # a busy machine is not a defect
@given(st.lists(STEP, min_size=1, max_size=4))
def test_no_mutation_of_boxes_makes_another_trusted_claim(
    trust: Trust, page: bytes, steps: list[tuple[str, int, int, bytes]]
) -> None:
    """C2PA leaves some of a store's own framing unsigned: a change there may change nothing, but only nothing."""
    (store,) = Box.parse(store_in(page))
    for operation, first, second, data in steps:
        mutate(store, operation, first, second, data)
    found = judged(carried(store.encode(), page), PNG, trust)
    if found.state is CredentialState.TRUSTED:
        assert found.chain == judged(page, PNG, trust).chain
    if found.chain is not None:
        convert.chain(found.chain).SerializeToString()
    json.dumps(record.credential_json(found))
