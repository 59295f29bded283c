from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from countersign.verify.canonical import canonical_json
from countersign.verify.commitments import (
    SALT_BYTES,
    Disclosure,
    commitment,
    opens,
    read_disclosures,
    write_disclosures,
)
from countersign.verify.errors import VerificationError

SALTS = st.binary(min_size=SALT_BYTES, max_size=SALT_BYTES)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53) + 1, 2**53 - 1) | st.text(st.characters(codec="utf-8")),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)
DISCLOSURES = st.builds(Disclosure, SALTS, VALUES)


def test_a_commitment_is_an_hmac_over_canonical_json() -> None:
    # printf '{"a":1}' | openssl dgst -sha256 -mac HMAC -macopt hexkey:00000000000000000000000000000000 -binary | base64
    assert commitment(Disclosure(bytes(16), {"a": 1})) == "hmac-sha256:4LqtJ65TNak+KXnmaT52MN59ZrTVv9aHzb8fABj3nLg="


@given(DISCLOSURES)
def test_a_disclosure_opens_its_own_commitment(disclosure: Disclosure) -> None:
    assert opens(disclosure, commitment(disclosure))


@given(SALTS, VALUES, SALTS, VALUES)
def test_and_no_other(salt: bytes, value: Any, other_salt: bytes, other: Any) -> None:
    same = (salt, canonical_json(value)) == (other_salt, canonical_json(other))
    assert opens(Disclosure(salt, value), commitment(Disclosure(other_salt, other))) is same


@given(st.dictionaries(st.text(st.characters(codec="utf-8"), max_size=8), DISCLOSURES, max_size=4))
def test_disclosures_are_read_as_they_were_written(disclosures: dict[str, Disclosure]) -> None:
    assert read_disclosures(write_disclosures(disclosures)) == disclosures


@pytest.mark.parametrize("committed", [None, 5, "", "hmac-sha256:", "sha256:abc", "é", b"hmac-sha256:"])
def test_what_is_no_commitment_is_not_opened(committed: Any) -> None:
    assert not opens(Disclosure(bytes(16), "x"), committed)


@pytest.mark.parametrize("salt", [b"", bytes(15), bytes(17)])
def test_a_salt_of_another_length_opens_nothing(salt: bytes) -> None:
    disclosure = Disclosure(salt, "x")
    assert not opens(disclosure, commitment(disclosure))


@pytest.mark.parametrize("text", ["", "[]", '{"a":1}', '{"a":[1]}', '{"a":[1,2]}', '{"a":["x",2]}', '{"a":["AAAA",2]}'])
def test_malformed_disclosures_are_refused(text: str) -> None:
    with pytest.raises(VerificationError):
        read_disclosures(text)
