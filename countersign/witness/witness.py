"""The witness's judgement: which checkpoints it cosigns, and in which order it looks, stores and answers.

Source: c2sp.org/tlog-witness, `add-checkpoint`. This module does not know HTTP. It trusts nothing in a request: what
it did not verify is neither stored nor signed.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from threading import Lock

from countersign.errors import ConfigurationError
from countersign.verify.checkpoint import Checkpoint, parse_body
from countersign.verify.consistency import ConsistencyProof, assert_extends, assert_one_view
from countersign.verify.cosignature import sign_cosignature, verify_cosignature
from countersign.verify.errors import SplitView, VerificationError
from countersign.verify.merkle import EMPTY_ROOT
from countersign.verify.note import SignedNote, WitnessKey, parse_note
from countersign.verify.trust import TrustedKey, open_trusted
from countersign.witness.folder import Folder, origin_hash
from countersign.witness.key import WitnessSigner
from countersign.witness.refusals import Inconsistent, Malformed, NotSigned, Outdated, TwoFaces, UnknownLog


@dataclass(frozen=True, slots=True)
class Seen:
    """The last checkpoint of a log that was cosigned. note: as stored, "" before the first. timestamp: seconds."""

    checkpoint: Checkpoint
    note: str
    timestamp: int


@dataclass(frozen=True, slots=True)
class _Request:
    proof: ConsistencyProof
    signed: SignedNote
    checkpoint: Checkpoint


class Witness:
    """One witness of some logs. Safe to be called from several threads.

    logs: keys from `rotation.verify_chain`; a log's origin is the name of its keys. clock: seconds since 1970.
    report: told in words, for the witness's operator, of logs that showed two faces.
    ConfigurationError if the folder holds something that this witness did not sign: to start afresh would be to forget.
    """

    def __init__(
        self,
        signer: WitnessSigner,
        logs: Iterable[TrustedKey],
        folder: Folder,
        *,
        clock: Callable[[], float] = time.time,
        report: Callable[[str], None],
    ) -> None:
        self._signer = signer
        self._folder = folder
        self._clock = clock
        self._report = report
        self._keys = _by_origin(logs)
        self._seen = {origin: _recall(folder, origin, signer.key) for origin in self._keys}
        self._locks = {origin: Lock() for origin in self._keys}
        self._origins = {origin_hash(origin): origin for origin in self._keys}

    @property
    def key(self) -> WitnessKey:
        """What verifies this witness's cosignatures."""
        return self._signer.key

    def latest(self, hashed: str) -> str | None:
        """The note that was cosigned last for the origin whose `origin_hash` is `hashed`; None if there is none."""
        origin = self._origins.get(hashed)
        return None if origin is None else self._seen[origin].note or None

    def add_checkpoint(self, body: bytes) -> str:
        """The cosignature line for the checkpoint in `body`; a Refusal says why there is none.

        OSError if it cannot be stored, and then nothing was signed for anybody.
        """
        # 1. The request has the form.
        request = _read(body)
        checkpoint = request.checkpoint
        # 2. The log is one that this witness watches, and signed the checkpoint.
        keys = self._trusted(checkpoint.origin)
        _assert_signed(request, keys)
        # 3. The sizes make sense by themselves.
        if request.proof.old_size > checkpoint.size:
            raise Malformed("the old size is larger than the checkpoint's")
        if checkpoint.size == 0 and checkpoint.root != EMPTY_ROOT:
            raise Inconsistent("the empty tree has another root")
        # From looking at what was cosigned last to storing its successor, nobody else may do the same: two that extend
        # one tree in different ways would otherwise both get their cosignature.
        with self._locks[checkpoint.origin]:
            seen = self._seen[checkpoint.origin]
            self._compare(request, seen)
            return self._cosign(request, keys, seen)

    def _trusted(self, origin: str) -> Sequence[TrustedKey]:
        try:
            return self._keys[origin]
        except KeyError:
            raise UnknownLog("this witness does not watch that log") from None

    def _compare(self, request: _Request, seen: Seen) -> None:
        """4. The old size is that of the last checkpoint, 5. one size has one tree, 6. the log only grew."""
        two_faces = self._two_faces(request, seen)
        if request.proof.old_size != seen.checkpoint.size:
            raise Outdated(seen.checkpoint.size)
        if two_faces:
            raise TwoFaces(str(two_faces))
        try:
            assert_extends(seen.checkpoint, request.checkpoint, request.proof)
        except VerificationError as error:
            raise Inconsistent(str(error)) from error

    def _two_faces(self, request: _Request, seen: Seen) -> SplitView | None:
        """Evidence is kept even where the old size is wrong: the log signed both trees all the same."""
        try:
            assert_one_view(seen.checkpoint, request.checkpoint)
        except SplitView as split_view:
            path = self._folder.keep_split_view(seen.note, request.proof.checkpoint)
            if path:
                self._report(f"{split_view}: {path}")
            return split_view
        return None

    def _cosign(self, request: _Request, keys: Sequence[TrustedKey], seen: Seen) -> str:
        # 7. Time does not run backwards in what a witness says, whatever its clock does: a cosignature claims the
        # largest tree as of its time.
        timestamp = max(int(self._clock()), seen.timestamp)
        line = sign_cosignature(request.signed.text, self.key, self._signer.sign, timestamp)
        # Foreign lines, which anybody can add, are not stored.
        lines = [each for each in request.signed.signatures if any(each.claims(trusted.key) for trusted in keys)]
        note = f"{request.signed.text}\n{''.join(map(str, lines))}{line}"
        # 8. Stored before the answer: a witness that forgot after a crash could be led down another branch.
        self._folder.write(request.checkpoint.origin, note)
        self._seen[request.checkpoint.origin] = Seen(request.checkpoint, note, timestamp)
        return str(line)


def _read(body: bytes) -> _Request:
    try:
        proof = ConsistencyProof.parse(body.decode("utf-8"))
        signed = parse_note(proof.checkpoint)
        return _Request(proof, signed, parse_body(signed.text))
    except (UnicodeDecodeError, VerificationError) as error:
        raise Malformed(f"not an add-checkpoint request: {error}") from error


def _assert_signed(request: _Request, keys: Sequence[TrustedKey]) -> None:
    try:
        open_trusted(request.proof.checkpoint, keys)
    except VerificationError as error:
        raise NotSigned(str(error)) from error


def _by_origin(logs: Iterable[TrustedKey]) -> Mapping[str, Sequence[TrustedKey]]:
    found: dict[str, list[TrustedKey]] = {}
    for trusted in logs:
        found.setdefault(trusted.key.name, []).append(trusted)
    if not found:
        raise ConfigurationError("a witness needs the key of at least one log", field="log_key")
    return found


def _recall(folder: Folder, origin: str, key: WitnessKey) -> Seen:
    """What was cosigned last. Of a log never seen, the empty tree."""
    try:
        note = folder.read(origin)
        if note is None:
            return Seen(Checkpoint(origin, 0, EMPTY_ROOT), "", 0)
        signed = parse_note(note)
        seen = Seen(parse_body(signed.text), note, verify_cosignature(signed, key))
    except (OSError, UnicodeDecodeError, VerificationError) as error:
        raise ConfigurationError(f"what was stored of {origin} cannot be used: {error}", field="data_dir") from error
    if seen.checkpoint.origin != origin:
        raise ConfigurationError(f"what was stored of {origin} is of another log", field="data_dir")
    return seen
