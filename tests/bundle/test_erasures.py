"""What is missing from a case needs an entry that took it away, and one that says so of this very decision."""

from __future__ import annotations

import json
from collections.abc import Iterable

import pytest

from countersign.verify.canonical import canonical_json
from countersign.verify.case import layout, write_case
from countersign.verify.membership import write_memberships
from server.audit.tree.membership import digest_of_set, memberships
from tests.bundle.forging import complaints
from tests.bundle.story import Told, full_story

MEMBERS = layout.members_file(layout.removal_file(1))
PERSONS_ENTRIES = [1, 2, 7]


def erased_story(entries: Iterable[int] = PERSONS_ENTRIES, tenant: str = "acme") -> Told:
    """The story after an erasure of the person whom entries 1, 2 and 7 are about; the decision is entry 2."""
    story = full_story()
    named = {"count": len(list(entries)), "digest": digest_of_set(entries)}
    story.removals = [story.ledger.record("erasure", {"entries": named, "more": False}, tenant=tenant)]
    story.hidden = {(story.decision, "subject"), (story.decision, "credential")}
    story.evidence = []
    return story


def members(entries: Iterable[int], shown: Iterable[int]) -> bytes:
    return canonical_json(write_memberships(memberships(entries, shown)))


def case_of(story: Told, shown: bytes) -> bytes:
    return write_case({**story.parts(), MEMBERS: shown})


def test_an_erasure_explains_what_it_took() -> None:
    assert complaints(case_of(erased_story(), members(PERSONS_ENTRIES, [2]))) == {}


SWAPPED = canonical_json({"2": json.loads(members(PERSONS_ENTRIES, [1]))["1"]})


@pytest.mark.parametrize(
    "shown", [members([1, 2, 8], [2]), members([0, 1, 2], [2]), SWAPPED, canonical_json({})], ids=str
)
def test_an_erasure_explains_nothing_without_proof_that_it_is_about_this_decision(shown: bytes) -> None:
    assert set(complaints(case_of(erased_story(), shown))) == {"disclosures", "evidence", "removals"}


def test_an_erasure_of_other_entries_explains_nothing() -> None:
    assert "removals" in complaints(case_of(erased_story([1, 7]), members([1, 7], [1, 7])))


def test_an_erasure_by_another_tenant_explains_nothing() -> None:
    assert "removals" in complaints(case_of(erased_story(tenant="rival"), members(PERSONS_ENTRIES, [2])))


@pytest.mark.parametrize("shown", [b"[]", b'{"2":[0]}', b'{"2":[0,["AA=="]]}', b'{"02":[0,[]]}', b'{"2":[true,[]]}'])
def test_malformed_proofs_are_refused(shown: bytes) -> None:
    story = erased_story()
    story.removals = []
    parts = {**story.parts(), layout.removal_file(1): canonical_json(story.ledger.receipt(8)), MEMBERS: shown}
    with pytest.raises(ValueError, match=r"membership|index|hash"):
        write_case(parts)


def retained_story(cutoff: str, what: list[str]) -> Told:
    story = full_story()
    story.removals = [story.ledger.record("retention", {"cutoff": cutoff, "what": what})]
    story.evidence = []
    return story


AFTER, BEFORE = "2026-11-22T09:51:00.000001Z", "2026-11-22T09:51:00.000000Z"


@pytest.mark.parametrize(
    ("cutoff", "what", "explains"),
    [
        (AFTER, ["evidence"], True),
        (BEFORE, ["evidence"], False),
        (AFTER, ["private"], False),
        ("", ["evidence"], False),
    ],
)
def test_a_retention_explains_only_what_was_older_than_its_cutoff(cutoff: str, what: list[str], explains: bool) -> None:
    found = complaints(retained_story(cutoff, what).case())
    assert ("evidence" not in found) is explains
