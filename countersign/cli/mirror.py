"""`countersign log audit-mirror DIR`: a mirror of the log held against its checkpoint. It asks no server anything."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from countersign.cli.checks import LogKeys, Quorum, Rotations, Witnesses, read_text, report, trust_of
from countersign.cli.session import AsJson
from countersign.cli.text import reporting
from countersign.errors import InvalidRequest, UnusableFile
from countersign.mirror.audit import audit
from countersign.mirror.reading import read_rotations
from countersign.mirror.report import Report
from countersign.verify.checks import Check
from countersign.verify.encoding import encode_base64
from countersign.verify.errors import VerificationError
from countersign.verify.policy import Trust, check_witnesses


def audit_mirror(
    directory: Annotated[Path, typer.Argument(metavar="DIR", help="What `log mirror` wrote, or a copy of it.")],
    checkpoint: Annotated[
        list[Path] | None, typer.Option(help="A checkpoint seen earlier, which the mirror must still agree with.")
    ] = None,
    log_key: LogKeys = None,
    rotation: Rotations = None,
    witness: Witnesses = None,
    quorum: Quorum = None,
    as_json: AsJson = False,
) -> None:
    """Recompute a mirror's tree from its tiles, and from its entries where it has them. Exit code 1 when it fails."""
    with reporting(as_json):
        if not directory.is_dir():
            raise UnusableFile(f"{directory} is not a directory", field="directory")
        trust = trust_of(log_key, rotation, witness, quorum)
        checks = check_mirror(directory, trust, [read_text(path) for path in checkpoint or ()])
    report(checks, as_json=as_json)


def check_mirror(directory: Path, trust: Trust, seen: list[str]) -> list[Check]:
    """The audit as a list of checks. Raises InvalidRequest for keys that cannot be used."""
    trust = replace(trust, rotations=(*trust.rotations, *read_rotations(directory)))
    try:
        keys = trust.keys() if trust.pinned else ()
    except VerificationError as error:
        raise InvalidRequest(str(error), field="log_key") from error
    found = audit(directory, keys, seen)
    checks = [*checks_of(found)]
    if trust.asks_witnesses:
        checks.append(check_witnesses(found.note, trust, keys if found.signed else None))
    return checks


def checks_of(found: Report) -> Iterator[Check]:
    """What was found at fault, each by its path; or what agrees."""
    if not found.signed and found.note:
        yield Check("key", True, "NOT PINNED: nobody's signature was checked; give the log's key with --log-key")
    for damage in found.damages:
        yield Check(damage.path, False, damage.detail)
    if not found.complete:
        yield Check("tiles", False, "so much is damaged that the rest was not read")
    if not found.ok:
        return
    signed = "signed the tree of" if found.signed else "names the tree of"
    yield Check("checkpoint", True, f"{found.origin} {signed} {found.size} entries, root {encode_base64(found.root)}")
    yield Check("tiles", True, "they lead to this root")
    if found.entries is None:
        yield Check("entries", True, "NOT CHECKED: this mirror holds hashes only")
    else:
        yield Check("entries", True, f"all {found.entries} are those that the tiles hash")


def register(group: typer.Typer) -> None:
    """Adds the command to the group `log`."""
    group.command("audit-mirror")(audit_mirror)
