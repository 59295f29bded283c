"""`countersign log consistency OLD`: whether the log still begins with what a kept checkpoint says it held.

With a proof in a file it asks no server anything.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from countersign.cli.checks import LogKeys, Quorum, Rotations, Witnesses, read_text, report, trust_of
from countersign.cli.session import AsJson, connect
from countersign.cli.text import reporting
from countersign.client import Client
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
        if proof:
            checks = compare_files(older, newer, read_proof(proof), trust)
        else:
            with connect(ctx) as client:
                checks = compare_with_server(client, older, newer, trust)
    report(checks, as_json=as_json)


def compare_files(older: str, newer: str | None, proof: ConsistencyProof, trust: Trust) -> list[Check]:
    """Everything from files. Raises InvalidRequest where there is nothing to compare, or no key to do it with."""
    if not trust.pinned:
        raise InvalidRequest("offline the log's key has to be given: --log-key", field="log_key")
    later = newer or proof.checkpoint
    if not later:
        raise InvalidRequest("the proof came without the later checkpoint: --new", field="new")
    return check_extension(older, later, proof, trust)


def compare_with_server(client: Client, older: str, newer: str | None, trust: Trust) -> list[Check]:
    """The server gives the proof, and the later checkpoint too where none is at hand."""
    head = client.checkpoint()
    later = newer or head.checkpoint
    first, second = size_of(older), size_of(later)
    # Nothing is asked about a log that shrank or stayed: the checkpoints themselves convict or acquit it.
    proof = proof_of(client, first, second) if first < second else ConsistencyProof(first, ())
    return check_extension(older, later, proof, with_rotations(trust, head), head.log_key)


def with_rotations(trust: Trust, head: audit_pb2.GetCheckpointResponse) -> Trust:
    """The policy with the statements that the server knows; they are signed, so it does not matter who brings them."""
    statements = (key.statement for key in head.log_keys if key.statement)
    return Trust(trust.log_keys, (*trust.rotations, *statements), trust.witnesses, trust.quorum)


def proof_of(client: Client, first: int, second: int) -> ConsistencyProof:
    """The server's proof. Raises CorruptAnswer for one that cannot be read."""
    try:
        return ConsistencyProof.parse(client.consistency(first, second))
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
