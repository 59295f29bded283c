from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from countersign.verify.errors import VerificationError
from countersign.verify.merkle import EMPTY_ROOT, leaf_hash, node_hash, verify_consistency, verify_inclusion
from tests.verify import naive

# The test tree of the Certificate Transparency reference implementation.
LEAVES = [
    bytes.fromhex(text)
    for text in ("", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f")
]
ROOTS = (
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
)
PATH_5_OF_8 = (
    "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
    "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
)
ENTRIES = [bytes([n]) * (n % 5) for n in range(70)]


def test_hashes_of_rfc_6962() -> None:
    assert EMPTY_ROOT.hex() == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    assert leaf_hash(b"").hex() == ROOTS[0]
    assert node_hash(leaf_hash(b""), leaf_hash(b"\x00")).hex() == ROOTS[1]
    assert node_hash(b"N123", b"N456").hex() == "aa217fe888e47007fa15edab33c2b492a722cb106c64667fc2b044444de66bbb"


@pytest.mark.parametrize("size", range(1, 9))
def test_the_reference_agrees_with_the_published_roots(size: int) -> None:
    assert naive.tree_hash(LEAVES[:size]).hex() == ROOTS[size - 1]


def test_a_published_inclusion_path_verifies() -> None:
    path = [bytes.fromhex(text) for text in PATH_5_OF_8]
    verify_inclusion(leaf_hash(LEAVES[5]), 5, 8, path, bytes.fromhex(ROOTS[7]))


def test_every_inclusion_proof_of_trees_up_to_70() -> None:
    for size in range(1, 71):
        root = naive.tree_hash(ENTRIES[:size])
        for index in range(size):
            verify_inclusion(leaf_hash(ENTRIES[index]), index, size, naive.path(index, ENTRIES[:size]), root)


def test_every_consistency_proof_of_trees_up_to_70() -> None:
    roots = [naive.tree_hash(ENTRIES[:size]) for size in range(71)]
    for second in range(1, 71):
        for first in range(second + 1):
            path = naive.proof(first, ENTRIES[:second]) if first else []
            verify_consistency(first, second, roots[first], roots[second], path)


@given(st.data())
def test_no_other_place_size_leaf_or_path_verifies(data: st.DataObject) -> None:
    size = data.draw(st.integers(1, 70))
    index = data.draw(st.integers(0, size - 1))
    entries = [bytes([n]) for n in range(size)]
    leaf, path, root = leaf_hash(entries[index]), naive.path(index, entries), naive.tree_hash(entries)
    kind = data.draw(st.sampled_from(["leaf", "index", "hash", "longer", "shorter", "root"]))
    if kind == "leaf":
        leaf = flip(data, leaf)
    elif kind == "index":
        index = data.draw(st.integers(-1, 200).filter(lambda other: other != index))
    elif kind == "hash" and path:
        at = data.draw(st.integers(0, len(path) - 1))
        path[at] = flip(data, path[at])
    elif kind == "longer":
        path.insert(data.draw(st.integers(0, len(path))), data.draw(st.binary(min_size=32, max_size=32)))
    elif kind == "shorter" and path:
        del path[data.draw(st.integers(0, len(path) - 1))]
    else:
        root = flip(data, root)
    with pytest.raises(VerificationError):
        verify_inclusion(leaf, index, size, path, root)


@given(st.data())
def test_no_forged_consistency_proof_verifies(data: st.DataObject) -> None:
    second = data.draw(st.integers(2, 70))
    first = data.draw(st.integers(1, second - 1))
    entries = [bytes([n]) for n in range(second)]
    old, new, path = naive.tree_hash(entries[:first]), naive.tree_hash(entries), naive.proof(first, entries)
    kind = data.draw(st.sampled_from(["old", "new", "hash", "longer", "shorter"]))
    if kind == "old":
        old = flip(data, old)
    elif kind == "new":
        new = flip(data, new)
    elif kind == "hash":
        at = data.draw(st.integers(0, len(path) - 1))
        path[at] = flip(data, path[at])
    elif kind == "longer":
        path.insert(data.draw(st.integers(0, len(path))), data.draw(st.binary(min_size=32, max_size=32)))
    else:
        del path[data.draw(st.integers(0, len(path) - 1))]
    with pytest.raises(VerificationError):
        verify_consistency(first, second, old, new, path)


@pytest.mark.parametrize(("first", "second"), [(-1, 3), (4, 3)])
def test_sizes_out_of_order_are_refused(first: int, second: int) -> None:
    with pytest.raises(VerificationError):
        verify_consistency(first, second, EMPTY_ROOT, EMPTY_ROOT, [])


def test_the_empty_tree_is_a_prefix_of_every_tree_only_under_its_own_root() -> None:
    root = naive.tree_hash(ENTRIES[:3])
    verify_consistency(0, 3, EMPTY_ROOT, root, [])
    with pytest.raises(VerificationError):
        verify_consistency(0, 3, root, root, [])
    with pytest.raises(VerificationError):
        verify_consistency(0, 3, EMPTY_ROOT, root, [root])


def test_hashes_of_another_length_are_refused() -> None:
    with pytest.raises(VerificationError):
        verify_inclusion(b"short", 0, 1, [], b"short")


def flip(data: st.DataObject, value: bytes) -> bytes:
    at = data.draw(st.integers(0, len(value) - 1))
    changed = value[at] ^ (1 << data.draw(st.integers(0, 7)))
    return value[:at] + bytes([changed]) + value[at + 1 :]
