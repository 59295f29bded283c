"""Binding a set of log indexes by one digest, and showing that one of them is in it.

The format, and its verification, are `countersign.verify.membership`.
"""

from __future__ import annotations

from collections.abc import Iterable

from countersign.verify.membership import Membership, member, set_digest
from server.audit.tree.merkle import Edge, inclusion_proof


def digest_of_set(indexes: Iterable[int]) -> str:
    """What binds `indexes`, in whatever order they come."""
    edge, _ = Edge().grow([member(index) for index in sorted(indexes)])
    return set_digest(edge.root())


def memberships(indexes: Iterable[int], wanted: Iterable[int]) -> dict[int, Membership]:
    """A proof for each of `wanted` that is among `indexes`."""
    members = sorted(indexes)
    places = {index: place for place, index in enumerate(members)}
    _, tiles = Edge().grow([member(index) for index in members])
    return {
        index: Membership(places[index], tuple(inclusion_proof(tiles.__getitem__, places[index], len(members))))
        for index in wanted
        if index in places
    }
