"""Key rotation: a note in which a log's old key and its new one name each other, and the size at which they change.

The text has four lines, and both keys sign it:

    <origin>/key-rotation
    <verifier key of the old key>
    <verifier key of the new key>
    <tree size at which the new key starts>

Up to that size the old key speaks for the log, from that size on the new one (at the size itself, either). Who pinned
any one key of a chain learns the later ones from the old keys' signatures and the earlier ones from the new keys'.
The first line keeps the note apart from a checkpoint, whose second line is a number.

What this cannot do: it does not tell of a rotation to somebody who never sees the statement.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import islice

from countersign.verify.encoding import MAX_INTEGER, decode_decimal
from countersign.verify.errors import VerificationError
from countersign.verify.note import NoteSignature, VerifierKey, add_signatures, parse_note, sign_note, verify_note
from countersign.verify.trust import TrustedKey

_SUFFIX = "/key-rotation"
# More changes of keys than a log sees in its life; comparing them all costs their square.
_MAX_STATEMENTS = 1000


@dataclass(frozen=True, slots=True)
class Rotation:
    """One change of keys. since_size: entries in the tree when `new` takes over. VerificationError if it is none."""

    old: VerifierKey
    new: VerifierKey
    since_size: int

    def __post_init__(self) -> None:
        if self.old.name != self.new.name:
            raise VerificationError(f"a rotation from a key of {self.old.name} to one of {self.new.name}")
        if self.old == self.new:
            raise VerificationError("a rotation names two different keys")
        if not 0 <= self.since_size <= MAX_INTEGER:
            raise VerificationError("a rotation starts at a tree size between 0 and 2**63 - 1")

    def body(self) -> str:
        """The note text."""
        return f"{self.old.name}{_SUFFIX}\n{self.old}\n{self.new}\n{self.since_size}\n"


def parse_rotation(text: str) -> Rotation:
    """Read a note text strictly: `parse_rotation(text).body() == text`, or VerificationError."""
    lines = text.split("\n")
    if len(lines) != 5 or lines[-1] or not lines[0].endswith(_SUFFIX):
        raise VerificationError("the note is not a key-rotation statement")
    size = decode_decimal(lines[3], "the tree size of a rotation")
    rotation = Rotation(VerifierKey.parse(lines[1]), VerifierKey.parse(lines[2]), size)
    if rotation.body() != text:
        raise VerificationError("the rotation's keys are not those of its origin")
    return rotation


def sign_rotation(rotation: Rotation, sign_old: Callable[[bytes], bytes], sign_new: Callable[[bytes], bytes]) -> str:
    """The statement, signed by both. sign_old, sign_new: Ed25519 by the private keys, see `note.sign_note`."""
    text, new = rotation.body(), rotation.new
    note = sign_note(text, rotation.old, sign_old)
    return add_signatures(note, [NoteSignature(new.name, new.key_id, sign_new(text.encode()))])


def open_rotation(note: str) -> Rotation:
    """The rotation in `note`; VerificationError unless both keys signed it. Whether to trust either is not asked."""
    signed = parse_note(note)
    rotation = parse_rotation(signed.text)
    verify_note(signed, rotation.old)
    verify_note(signed, rotation.new)
    return rotation


def verify_chain(pinned: Sequence[VerifierKey], statements: Iterable[str]) -> tuple[TrustedKey, ...]:
    """The pinned keys and all that `statements` (notes, in any order) link to them, each with its term.

    VerificationError if a statement does not hold, is linked to no pinned key, or contradicts another one: a key has
    one successor and one predecessor, and sizes grow along the chain, so that no key comes back. To be told of two
    successors is to be lied to by somebody who holds a key, so nothing is trusted then.
    """
    notes = list(islice(statements, _MAX_STATEMENTS + 1))
    if len(notes) > _MAX_STATEMENTS:
        raise VerificationError(f"more than {_MAX_STATEMENTS} rotation statements")
    rotations = {open_rotation(note) for note in notes}
    after = {each.old: each for each in rotations}
    before = {each.new: each for each in rotations}
    if len(after) < len(rotations) or len(before) < len(rotations):
        raise VerificationError("two rotation statements give one key two successors or two predecessors")
    known = _linked(pinned, rotations)
    for each in rotations:
        if each.old not in known:
            raise VerificationError(f"the rotation to {each.new} is linked to no pinned key")
    return tuple(_with_term(key, before.get(key), after.get(key)) for key in known)


def _linked(pinned: Iterable[VerifierKey], rotations: Iterable[Rotation]) -> list[VerifierKey]:
    """`pinned`, each once, and every key that a path of rotations connects with one of them."""
    known, waiting = dict.fromkeys(pinned), set(rotations)
    while linked := {each for each in waiting if each.old in known or each.new in known}:
        waiting -= linked
        for each in sorted(linked, key=lambda each: each.since_size):
            known |= {each.old: None, each.new: None}
    return list(known)


def _with_term(key: VerifierKey, before: Rotation | None, after: Rotation | None) -> TrustedKey:
    since = before.since_size if before else 0
    until = after.since_size if after else None
    if before and until is not None and until <= since:
        raise VerificationError(f"the key {key} starts at {since} and is replaced at {until} already")
    return TrustedKey(key, since, until)
