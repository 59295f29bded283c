"""Key rotation: whom a reader trusts who pinned one key of a chain, for which sizes, and whom not."""

from __future__ import annotations

from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from countersign.verify.errors import VerificationError
from countersign.verify.note import NoteSignature, add_signatures, parse_note, sign_note
from countersign.verify.rotation import Rotation, open_rotation, parse_rotation, sign_rotation, verify_chain
from countersign.verify.trust import TrustedKey, open_trusted
from tests.verify.world import ENTRIES, FIRST, ORIGIN, SECOND, STRANGER, THIRD, Signer, rotation

CHAIN = [rotation(FIRST, SECOND, 5), rotation(SECOND, THIRD, 9)]
TERMS = {
    TrustedKey(FIRST.key, 0, 5),
    TrustedKey(SECOND.key, 5, 9),
    TrustedKey(THIRD.key, 9, None),
}


def test_the_statement_reads_as_it_is_specified() -> None:
    text = f"{ORIGIN}/key-rotation\n{FIRST.key}\n{SECOND.key}\n5\n"
    assert parse_note(CHAIN[0]).text == text
    assert parse_rotation(text) == open_rotation(CHAIN[0]) == Rotation(FIRST.key, SECOND.key, 5)


@pytest.mark.parametrize("pinned", [FIRST, SECOND, THIRD])
def test_any_pinned_key_leads_to_the_whole_chain(pinned: Signer) -> None:
    assert set(verify_chain([pinned.key], CHAIN)) == TERMS
    assert set(verify_chain([pinned.key], reversed(CHAIN))) == TERMS


def test_without_statements_a_pinned_key_speaks_for_all_sizes() -> None:
    assert verify_chain([FIRST.key, SECOND.key, FIRST.key], []) == (TrustedKey(FIRST.key), TrustedKey(SECOND.key))


def test_a_statement_that_is_missing_hides_what_lies_behind_it() -> None:
    assert {each.key for each in verify_chain([FIRST.key], CHAIN[:1])} == {FIRST.key, SECOND.key}
    with pytest.raises(VerificationError, match="no pinned key"):
        verify_chain([FIRST.key], CHAIN[1:])


@pytest.mark.parametrize(
    ("signer", "size", "ok"),
    [
        (FIRST, 4, True),
        (FIRST, 5, True),
        (FIRST, 6, False),
        (SECOND, 4, False),
        (SECOND, 5, True),
        (SECOND, 9, True),
        (SECOND, 10, False),
        (THIRD, 8, False),
        (THIRD, 12, True),
    ],
)
def test_each_key_speaks_for_its_time_only(signer: Signer, size: int, ok: bool) -> None:
    note = signer.checkpoint(size, ENTRIES)
    if ok:
        assert open_trusted(note, verify_chain([SECOND.key], CHAIN))[1].key == signer.key
    else:
        with pytest.raises(VerificationError, match="by a rotation"):
            open_trusted(note, verify_chain([SECOND.key], CHAIN))


def test_a_checkpoint_of_both_keys_counts_if_one_of_them_may_speak() -> None:
    note = FIRST.checkpoint(7, ENTRIES)
    (line,) = parse_note(SECOND.checkpoint(7, ENTRIES)).signatures
    checkpoint, trusted = open_trusted(add_signatures(note, [line]), verify_chain([FIRST.key], CHAIN))
    assert (checkpoint.size, trusted.key) == (7, SECOND.key)


def test_a_bad_signature_by_a_trusted_key_spoils_a_good_one() -> None:
    bad = NoteSignature(ORIGIN, SECOND.key.key_id, bytes(64))
    with pytest.raises(VerificationError, match="does not hold"):
        open_trusted(add_signatures(FIRST.checkpoint(3, ENTRIES), [bad]), verify_chain([FIRST.key], CHAIN))


def test_a_trusted_key_cannot_speak_for_another_log() -> None:
    with pytest.raises(VerificationError, match="no signature by a trusted key of other"):
        open_trusted(FIRST.checkpoint(3, ENTRIES, origin="other"), [TrustedKey(FIRST.key)])


@pytest.mark.parametrize(
    "others",
    [
        [rotation(FIRST, STRANGER, 5)],
        [rotation(FIRST, SECOND, 6)],
        [rotation(STRANGER, THIRD, 9)],
        [rotation(THIRD, FIRST, 12)],
        [rotation(THIRD, FIRST, 1)],
        [rotation(STRANGER, Signer.numbered(8), 3)],
    ],
)
def test_statements_that_contradict_the_chain_leave_no_trust_at_all(others: list[str]) -> None:
    with pytest.raises(VerificationError):
        verify_chain([FIRST.key], [*CHAIN, *others])


@pytest.mark.parametrize("sizes", [(5, 5), (5, 4), (0, 0)])
def test_sizes_grow_along_a_chain(sizes: tuple[int, int]) -> None:
    with pytest.raises(VerificationError, match="already"):
        verify_chain([FIRST.key], [rotation(FIRST, SECOND, sizes[0]), rotation(SECOND, THIRD, sizes[1])])


def test_the_first_key_may_be_replaced_before_the_first_entry() -> None:
    assert set(verify_chain([SECOND.key], [rotation(FIRST, SECOND, 0)])) == {
        TrustedKey(FIRST.key, 0, 0),
        TrustedKey(SECOND.key, 0, None),
    }


def test_one_signature_is_not_enough() -> None:
    text = parse_note(CHAIN[0]).text
    for signer in (FIRST, SECOND, STRANGER):
        with pytest.raises(VerificationError):
            open_rotation(sign_note(text, signer.key, signer.private.sign))
    forged = sign_rotation(Rotation(FIRST.key, STRANGER.key, 5), STRANGER.private.sign, STRANGER.private.sign)
    with pytest.raises(VerificationError):
        verify_chain([FIRST.key], [forged])


def test_a_checkpoint_and_a_cosignature_are_no_rotation_and_the_reverse() -> None:
    with pytest.raises(VerificationError):
        open_rotation(FIRST.checkpoint(3, ENTRIES))
    with pytest.raises(VerificationError):
        open_trusted(CHAIN[0], [TrustedKey(FIRST.key)])


TEXT = parse_note(CHAIN[0]).text
OTHER = Signer.numbered(2, "log.example/other")


@pytest.mark.parametrize(
    "text",
    [
        "",
        TEXT[:-1],
        TEXT + "more\n",
        TEXT.replace("/key-rotation", ""),
        TEXT.replace(f"{ORIGIN}/", "log.example/other/"),
        TEXT.replace("\n5\n", "\n05\n"),
        TEXT.replace("\n5\n", f"\n{2**63}\n"),
        TEXT.replace(str(SECOND.key), str(FIRST.key)),
        TEXT.replace(str(SECOND.key), str(OTHER.key)),
        TEXT.replace(str(SECOND.key), str(SECOND.witness)),
        TEXT.replace(str(FIRST.key), "no key"),
        f"/key-rotation\n{FIRST.key}\n{SECOND.key}\n5\n",
    ],
)
def test_malformed_statements_are_refused(text: str) -> None:
    with pytest.raises(VerificationError):
        parse_rotation(text)


@given(st.text() | st.text().map(lambda text: f"{ORIGIN}/key-rotation\n{text}"))
def test_any_text_is_the_statement_it_writes_or_an_error(text: str) -> None:
    try:
        found = parse_rotation(text)
    except VerificationError:
        return
    assert found.body() == text


def test_more_statements_than_anybody_needs_are_refused() -> None:
    with pytest.raises(VerificationError, match="more than 1000"):
        verify_chain([FIRST.key], [CHAIN[0]] * 1001)


SIGNERS = [FIRST, SECOND, THIRD, STRANGER]
pairs = st.tuples(st.sampled_from(SIGNERS), st.sampled_from(SIGNERS)).filter(lambda pair: pair[0] != pair[1])


@dataclass(frozen=True)
class Claim:
    """A statement, and which of its keys really signed it."""

    old: Signer
    new: Signer
    since: int
    by_old: bool
    by_new: bool

    def note(self) -> str:
        found = Rotation(self.old.key, self.new.key, self.since)
        nobody = bytes(64)
        return sign_rotation(
            found,
            self.old.private.sign if self.by_old else lambda _: nobody,
            self.new.private.sign if self.by_new else lambda _: nobody,
        )


often = st.sampled_from([True, True, True, False])
claims = st.builds(lambda pair, *rest: Claim(*pair, *rest), pairs, st.integers(0, 12), often, often)


@given(st.lists(claims, max_size=4), st.sets(st.sampled_from(SIGNERS), min_size=1))
def test_no_set_of_statements_buys_trust_that_a_naive_reader_would_not_give(
    made: list[Claim], pinned: set[Signer]
) -> None:
    expected = naive_terms(made, pinned)
    try:
        found = verify_chain([signer.key for signer in pinned], [claim.note() for claim in made])
    except VerificationError:
        assert expected is None
    else:
        assert {each.key: (each.since, each.until) for each in found} == expected


def naive_terms(made: list[Claim], pinned: set[Signer]) -> dict[object, tuple[int, int | None]] | None:
    """Each pair of statements and each key by itself, without a clever order. None: nobody is to be trusted."""
    if any(not (claim.by_old and claim.by_new) for claim in made):
        return None
    unique = {(claim.old, claim.new, claim.since) for claim in made}
    for one in unique:
        for two in unique - {one}:
            if one[0] == two[0] or one[1] == two[1] or (one[1] == two[0] and two[2] <= one[2]):
                return None
    known = set(pinned)
    for _ in unique:
        known |= {key for old, new, _ in unique if {old, new} & known for key in (old, new)}
    if any(old not in known for old, _, _ in unique):
        return None
    since = {new: size for _, new, size in unique}
    until = {old: size for old, _, size in unique}
    return {signer.key: (since.get(signer, 0), until.get(signer)) for signer in known}
