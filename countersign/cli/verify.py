"""`countersign verify FILE`: the checks of the offline verifier, line by line. It asks no server anything."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from countersign.cli.checks import LogKeys, Quorum, Rotations, TimestampRoots, Witnesses, report, roots_of, trust_of
from countersign.cli.session import AsJson
from countersign.cli.text import reporting
from countersign.errors import UnusableFile
from countersign.receipts import read_receipt
from countersign.uploads import Upload
from countersign.verify.case import is_archive, verify_case
from countersign.verify.case.archive import MAX_BYTES
from countersign.verify.receipt import verify_receipt

# The verifier hashes media in memory; what no server accepts need not be read.
MAX_MEDIA = 4 * 1024**3


def verify(
    file: Annotated[
        Path,
        typer.Argument(
            metavar="FILE", help="A receipt, the output of `screen --json` or `enhance --json`, or a case (zip)."
        ),
    ],
    media: Annotated[Path | None, typer.Option(help="The media that the decision was made on.")] = None,
    log_key: LogKeys = None,
    rotation: Rotations = None,
    witness: Witnesses = None,
    quorum: Quorum = None,
    timestamp_root: TimestampRoots = None,
    as_json: AsJson = False,
) -> None:
    """Check that a decision stands in the log, offline. The exit code is 1 when any check fails."""
    with reporting(as_json):
        trust = trust_of(log_key, rotation, witness, quorum)
        roots = roots_of(timestamp_root)
        data = Upload.of(file).read(limit=MAX_BYTES)
        seen = Upload.of(media).read(limit=MAX_MEDIA) if media else None
        if is_archive(data):
            checks = verify_case(data, trust, seen, roots)
        elif roots is not None:
            raise UnusableFile("receipts have no time stamp; cases may", field="timestamp-root")
        else:
            checks = verify_receipt(read_receipt(file), seen, trust)
    report(checks, as_json=as_json)


def register(app: typer.Typer) -> None:
    """Adds the command."""
    app.command("verify")(verify)
