"""A witness as its client sees it: the request of c2sp.org/tlog-witness, and what each answer means.

Nothing that a witness says is believed but cosignatures that verify under the configured key. This module does not
know the log, or what to do about an answer: that is `cosigner`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

from core.errors import ConfigurationError, Unavailable
from countersign.verify.consistency import ConsistencyProof
from countersign.verify.cosignature import merge_cosignatures, verify_cosignature
from countersign.verify.encoding import decode_decimal
from countersign.verify.errors import VerificationError
from countersign.verify.note import NoteSignature, SignedNote, WitnessKey, parse_note, signatures_of
from server.audit.outside.post import Endpoint, Reply, post

TIMEOUT = 10.0
# A signature line has some 150 characters; a witness may answer with one for each of its keys.
_ANSWER_LIMIT = 16 * 1024
_WORDS_LIMIT = 200
_TEXT = "text/plain; charset=utf-8"
_SIZE = "text/x.tlog.size"


@dataclass(frozen=True, slots=True)
class Cosigned:
    """The witness vouches for the checkpoint. line: its signature, verified. time: seconds since 1970, by its clock."""

    line: NoteSignature
    time: int


@dataclass(frozen=True, slots=True)
class Knows:
    """409 with a size: the witness's newest checkpoint of this log has `size` entries, not those it was asked with."""

    size: int


@dataclass(frozen=True, slots=True)
class OtherTree:
    """409 without a size: it cosigned a tree of the checkpoint's own size with another root."""


@dataclass(frozen=True, slots=True)
class Inconsistent:
    """422: by the witness, the proof does not lead from its checkpoint to ours."""


@dataclass(frozen=True, slots=True)
class Refused:
    """Any other answer, or one that does not hold. why: for people; what the witness said is quoted in part."""

    why: str


Answer: TypeAlias = Cosigned | Knows | OtherTree | Inconsistent | Refused


class WitnessClient:
    """One configured witness. url: its submission prefix. key: its verifier key, as text.

    ConfigurationError if either cannot be used.
    """

    def __init__(self, url: str, key: str, *, timeout: float = TIMEOUT) -> None:
        self._endpoint = Endpoint.parse(url, "/add-checkpoint")
        self._timeout = timeout
        try:
            self.key = WitnessKey.parse(key.strip())
        except VerificationError as error:
            raise ConfigurationError(f"the key of the witness {url} cannot be used: {error}") from error

    @property
    def name(self) -> str:
        """The witness's own name, by its key."""
        return self.key.name

    def ask(self, old_size: int, proof: Sequence[bytes], note: str) -> Answer:
        """Show the checkpoint `note`, with a proof from the tree of `old_size` entries that the witness knows.

        proof: hashes of 32 bytes; empty where old_size is 0 or the checkpoint's own size. Blocks.
        Unavailable if there was no answer.
        """
        body = str(ConsistencyProof(old_size, tuple(proof), note)).encode()
        reply = post(self._endpoint, body, _TEXT, timeout=self._timeout, limit=_ANSWER_LIMIT)
        if reply.status == 200:
            return self._cosigned(reply, parse_note(note))
        if reply.status == 409:
            return _known_size(reply)
        if reply.status == 422:
            return Inconsistent()
        if reply.status in (502, 503, 504):
            raise Unavailable(f"{self.name} answered {reply.status}")
        return Refused(f"it answered {reply.status}: {_words(reply)}")

    def _cosigned(self, reply: Reply, note: SignedNote) -> Answer:
        """One line is taken: a witness that answers with many must not fill the note that all of them share."""
        try:
            merged = parse_note(merge_cosignatures(_bare(note), reply.body.decode(), [self.key]))
            line = signatures_of(merged, self.key)[0]
            return Cosigned(line, verify_cosignature(SignedNote(note.text, (line,)), self.key))
        except (VerificationError, UnicodeDecodeError) as error:
            return Refused(f"its cosignature does not hold: {error}")


def _bare(note: SignedNote) -> str:
    """The note with its first signature only, which is the log's."""
    return f"{note.text}\n{note.signatures[0]}"


def _known_size(reply: Reply) -> Answer:
    if reply.kind != _SIZE:
        return OtherTree()
    try:
        text = reply.body.decode()
        return Knows(decode_decimal(text.removesuffix("\n"), "the size that it knows"))
    except (VerificationError, UnicodeDecodeError):
        return Refused(f"it answered 409 without a size: {_words(reply)}")


def _words(reply: Reply) -> str:
    """What a stranger wrote, fit for a log line."""
    text = reply.body[:_WORDS_LIMIT].decode(errors="replace")
    return "".join(letter if letter.isprintable() else " " for letter in text).strip()
