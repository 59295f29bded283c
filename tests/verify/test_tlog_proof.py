from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from countersign.verify.errors import VerificationError
from countersign.verify.tlog_proof import TlogProof

# The shape of the specification's example.
HASHES = "gSKyXoYZUgZ6jduWYrkDOARinOMGJveXjgMkBTcdPlQ=\nB95lDa8R83lS8n0eG+o0buTxRKQTYFi//1U8anccXmA=\n"
PROOF = f"c2sp.org/tlog-proof@v1\nextra aGVsbG8=\nindex 73894\n{HASHES}\nexample.com/log\n1\nroot\n\n— a b\n"

proofs = st.builds(
    TlogProof,
    st.integers(0, 2**63 - 1),
    st.lists(st.binary(min_size=32, max_size=32), max_size=63).map(tuple),
    st.text(),
    st.none() | st.binary(),
)


def test_the_example_reads() -> None:
    proof = TlogProof.parse(PROOF)
    assert (proof.index, len(proof.hashes), proof.extra) == (73894, 2, b"hello")
    assert proof.checkpoint == "example.com/log\n1\nroot\n\n— a b\n"
    assert str(proof) == PROOF


@given(proofs)
def test_what_is_written_reads_back(proof: TlogProof) -> None:
    assert TlogProof.parse(str(proof)) == proof


@given(st.text() | st.text().map(lambda text: f"c2sp.org/tlog-proof@v1\n{text}"))
def test_what_reads_writes_back_the_same(text: str) -> None:
    try:
        proof = TlogProof.parse(text)
    except VerificationError:
        return
    assert str(proof) == text


@pytest.mark.parametrize(
    "text",
    [
        "",
        "c2sp.org/tlog-proof@v1",
        "c2sp.org/tlog-proof@v1\n\nx",
        PROOF.replace("@v1", "@v2"),
        PROOF.replace("index 73894", "index 073894"),
        PROOF.replace("index 73894", "index -1"),
        PROOF.replace("index 73894", f"index {2**63}"),
        PROOF.replace("index ", "index  "),
        PROOF.replace("index 73894\n", ""),
        PROOF.replace("aGVsbG8=", "aGVsbG8"),
        PROOF.replace("gSKy", "gSK"),
        PROOF.replace("PlQ=", "PlR="),
        PROOF.replace(HASHES, HASHES * 32),
        PROOF.replace("\n", "\r\n"),
        PROOF.replace("\n\n", "\n"),
        " " + PROOF,
    ],
)
def test_malformed_proofs_are_refused(text: str) -> None:
    with pytest.raises(VerificationError):
        TlogProof.parse(text)
