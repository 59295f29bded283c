"""`countersign log consistency OLD`: whether the log still begins with what a kept checkpoint says it held.

With a proof in a file it asks no server anything.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Protocol

import typer

from countersign.cli.checks import LogKeys, Quorum, Rotations, Witnesses, read_text, report, trust_of
from countersign.cli.session import AsJson, connect
from countersign.cli.text import reporting
from countersign.errors import CorruptAnswer, InvalidRequest, UnusableFile
from countersign.v1 import audit_pb2
from countersign.verify.checkpoint import parse_body
from countersign.verify.checks import Check
from countersign.verify.consistency import ConsistencyProof, check_extension
from countersign.verify.errors import VerificationError
from countersign.verify.note import parse_note
from countersign.verify.policy import Trust

Old = Annotated[Path, typer.Argument(metavar="OLD", help="A checkpoint that was kept.")]
New = Annotated[Path | None, typer.Option("--new", help="A later checkpoint; by default the server's newest.")]
Proof = Annotated[Path | None, typer.Option("--proof", help="The proof from OLD to the later one, to work offline.")]


class Log(Protocol):
    """What is asked of a server: the client has it."""

    def checkpoint(self) -> audit_pb2.GetCheckpointResponse:
        """The newest checkpoint, and the keys with their rotation statements."""
        ...

    def consistency(self, first: int, second: int) -> str:
        """The proof from one size to the other, as `verify.consistency` writes it."""
        ...


def consistency(
    ctx: typer.Context,
    old: Old,
    new: New = None,
    proof: Proof = None,
    log_key: LogKeys = None,
    rotation: Rotations = None,
    witness: Witnesses = None,
    quorum: Quorum = None,
    as_json: AsJson = False,
) -> None:
    """Check that the log only grew since a kept checkpoint. The exit code is 1 when it was rewritten."""
    with reporting(as_json):
        trust = trust_of(log_key, rotation, witness, quorum)
        older = read_text(old)
        newer = read_text(new) if new else None
        known = read_proof(proof) if proof else needless_proof(older, newer)
        if known and (proof or trust.pinned):
            checks = compare_files(older, newer, known, trust)
        else:
            with connect(ctx) as client:
                checks = compare_with_log(client, older, newer, trust)
    report(checks, as_json=as_json)


def compare_files(older: str, newer: str | None, proof: ConsistencyProof, trust: Trust) -> list[Check]:
    """Everything from files. Raises InvalidRequest where there is nothing to compare, or no key to do it with."""
    if not trust.pinned:
        raise InvalidRequest("offline the log's key has to be given: --log-key", field="log_key")
    later = newer or proof.checkpoint
    if not later:
        raise InvalidRequest("the proof came without the later checkpoint: --new", field="new")
    return check_extension(older, later, proof, trust)


def compare_with_log(log: Log, older: str, newer: str | None, trust: Trust) -> list[Check]:
    """The log gives the proof, and the later checkpoint too where none is at hand."""
    head = log.checkpoint()
    later = newer or head.checkpoint
    proof = needless_proof(older, later) or proof_of(log, size_of(older), size_of(later))
    return check_extension(older, later, proof, with_rotations(trust, head), head.log_key)


def needless_proof(older: str, newer: str | None) -> ConsistencyProof | None:
    """The empty proof for a log that stayed or shrank: the checkpoints themselves acquit or convict it."""
    if newer is None or size_of(older) < size_of(newer):
        return None
    return ConsistencyProof(size_of(older), ())


def with_rotations(trust: Trust, head: audit_pb2.GetCheckpointResponse) -> Trust:
    """The policy with the statements that the server knows; they are signed, so it does not matter who brings them."""
    statements = (key.statement for key in head.log_keys if key.statement)
    return Trust(trust.log_keys, (*trust.rotations, *statements), trust.witnesses, trust.quorum)


def proof_of(log: Log, first: int, second: int) -> ConsistencyProof:
    """The server's proof. Raises CorruptAnswer for one that cannot be read."""
    try:
        return ConsistencyProof.parse(log.consistency(first, second))
    except VerificationError as error:
        raise CorruptAnswer(f"the server's proof cannot be read: {error}", field="proof") from error


def read_proof(path: Path) -> ConsistencyProof:
    """A proof from a file. Raises UnusableFile."""
    try:
        return ConsistencyProof.parse(read_text(path))
    except VerificationError as error:
        raise UnusableFile(f"{path}: {error}", field="proof") from error


def size_of(note: str) -> int:
    """The size that a checkpoint states, not verified yet. Raises UnusableFile for what is no checkpoint."""
    try:
        return parse_body(parse_note(note).text).size
    except VerificationError as error:
        raise UnusableFile(f"not a checkpoint: {error}", field="checkpoint") from error


def register(group: typer.Typer) -> None:
    """Adds the command to the group `log`."""
    group.command("consistency")(consistency)
