"""A prover that lies: it builds proofs from pieces of real trees, forks and noise, in every place and order.

The verifier is held against RFC 6962 read backwards (`naive`): it accepts what leads to the root, and nothing else.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from hypothesis import example, given
from hypothesis import strategies as st

from countersign.verify.errors import VerificationError
from countersign.verify.merkle import EMPTY_ROOT, leaf_hash, verify_consistency, verify_inclusion
from tests.verify import naive

MOST = 24
TREE = [b"%d" % n for n in range(MOST)]
# The same up to entry 9, and another history from there on.
FORK = [*TREE[:9], *(b"fork %d" % n for n in range(9, MOST))]


def every_node(entries: Sequence[bytes]) -> list[bytes]:
    """All hashes that an honest tree of any size up to all of `entries` is made of."""
    return sorted({naive.tree_hash(entries[a:b]) for a in range(len(entries)) for b in range(a + 1, len(entries) + 1)})


# What a prover has at hand: every node of both histories, and hashes of nothing.
NODES = [*every_node(TREE[:12]), *every_node(FORK[:12]), bytes(32), EMPTY_ROOT]
sizes = st.integers(0, MOST)
indexes = st.integers(-1, MOST)
histories = st.sampled_from([TREE, FORK])
hashes = st.sampled_from(NODES) | st.binary(min_size=32, max_size=32)


@st.composite
def twisted(draw: st.DrawFn, honest: Sequence[bytes]) -> list[bytes]:
    """A proof with up to three lies in it: cut, grown, reordered, with a hash from elsewhere."""
    found = list(honest)
    for _ in range(draw(st.integers(0, 3))):
        at = draw(st.integers(0, len(found)))
        match draw(st.sampled_from(["cut", "grow", "replace", "swap", "repeat"])):
            case "cut":
                del found[at : at + 1]
            case "grow":
                found.insert(at, draw(hashes))
            case "replace" if at < len(found):
                found[at] = draw(hashes)
            case "swap":
                found[at:] = found[at:][::-1]
            case "repeat":
                found[at:at] = found[at : at + 1]
    return found


def accepts(verify: Callable[[], None]) -> bool:
    try:
        verify()
    except VerificationError:
        return False
    return True


@given(st.data())
def test_inclusion_accepts_what_leads_to_the_root_and_nothing_else(data: st.DataObject) -> None:
    size = data.draw(sizes.filter(bool), "size of the tree")
    history = data.draw(histories)[:size]
    honest = data.draw(st.integers(0, size - 1), "honest index")
    proof = data.draw(twisted(naive.path(honest, history)), "proof")
    index = data.draw(st.just(honest) | indexes, "claimed index")
    claimed = data.draw(st.just(size) | sizes, "claimed size")
    leaf = data.draw(st.just(leaf_hash(history[honest])) | hashes, "leaf")
    root = data.draw(st.just(naive.tree_hash(history)) | hashes, "root")
    expected = naive.root_from(leaf, index, claimed, proof)
    # The prover may have found a proof that leads to its own root: that one must be accepted.
    root = data.draw(st.sampled_from([root, expected or root]), "root, or where the proof leads")
    assert accepts(lambda: verify_inclusion(leaf, index, claimed, proof, root)) == (expected == root)


@given(st.data())
def test_under_an_honest_root_only_the_honest_entry_is_included(data: st.DataObject) -> None:
    size = data.draw(sizes.filter(bool))
    history = data.draw(histories)[:size]
    index = data.draw(indexes)
    leaf = data.draw(st.sampled_from([leaf_hash(entry) for entry in (*TREE, *FORK)]) | hashes)
    proof = data.draw(twisted(naive.path(data.draw(st.integers(0, size - 1)), history)))
    if accepts(lambda: verify_inclusion(leaf, index, size, proof, naive.tree_hash(history))):
        assert leaf == leaf_hash(history[index])
        assert proof == naive.path(index, history)


@given(st.data())
def test_consistency_accepts_what_leads_to_both_roots_and_nothing_else(data: st.DataObject) -> None:
    second = data.draw(sizes.filter(bool), "second")
    first = data.draw(st.integers(1, second), "first")
    history = data.draw(histories)[:second]
    old_root = data.draw(st.just(naive.tree_hash(history[:first])) | hashes, "first root")
    proof = data.draw(twisted(naive.proof(first, history)), "proof")
    claimed_first, claimed_second = data.draw(st.just((first, second)) | st.tuples(sizes, sizes), "claimed sizes")
    new_root = data.draw(st.just(naive.tree_hash(history)) | hashes, "second root")
    expected = None
    if 0 < claimed_first <= claimed_second:
        expected = naive.roots_from(claimed_first, claimed_second, old_root, proof)
        old_root, new_root = data.draw(st.sampled_from([(old_root, new_root), expected or (old_root, new_root)]))
        # The first root is part of the proof where the first tree is complete; ask again with the one that was chosen.
        expected = naive.roots_from(claimed_first, claimed_second, old_root, proof)
    elif claimed_first == 0 and old_root == EMPTY_ROOT and not proof:
        expected = (old_root, EMPTY_ROOT if claimed_second == 0 else new_root)
    accepted = accepts(lambda: verify_consistency(claimed_first, claimed_second, old_root, new_root, proof))
    assert accepted == (expected == (old_root, new_root))


@given(st.integers(1, MOST), st.integers(1, MOST), histories, histories, st.data())
def test_two_honest_roots_are_consistent_only_where_one_history_begins_the_other(
    first: int, second: int, one: list[bytes], other: list[bytes], data: st.DataObject
) -> None:
    honest = naive.proof(first, other[:second]) if first <= second else naive.proof(second, one[:first])
    proof = data.draw(st.just(honest) | twisted(honest))
    old, new = naive.tree_hash(one[:first]), naive.tree_hash(other[:second])
    if accepts(lambda: verify_consistency(first, second, old, new, proof)):
        assert first <= second
        assert one[:first] == other[:first]


@given(st.integers(0, 3), st.integers(0, 3), hashes, hashes, st.lists(hashes, max_size=2))
@example(0, 0, EMPTY_ROOT, bytes(32), [])
def test_the_empty_tree_has_one_root(first: int, second: int, old: bytes, new: bytes, proof: list[bytes]) -> None:
    if accepts(lambda: verify_consistency(first, second, old, new, proof)):
        assert first > 0 or old == EMPTY_ROOT
        assert second > 0 or new == EMPTY_ROOT
