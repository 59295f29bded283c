"""`countersign verify RECEIPT`: the checks of the offline verifier, line by line. It asks no server anything."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from countersign.cli.checks import LogKeys, Quorum, Rotations, Witnesses, report, trust_of
from countersign.cli.session import AsJson
from countersign.cli.text import reporting
from countersign.receipts import read_receipt
from countersign.uploads import Upload
from countersign.verify.receipt import verify_receipt

# The verifier hashes media in memory; what no server accepts need not be read.
MAX_MEDIA = 4 * 1024**3


def verify(
    receipt: Annotated[Path, typer.Argument(help="A receipt, or the output of `screen --json` or `enhance --json`.")],
    media: Annotated[Path | None, typer.Option(help="The media that the decision was made on.")] = None,
    log_key: LogKeys = None,
    rotation: Rotations = None,
    witness: Witnesses = None,
    quorum: Quorum = None,
    as_json: AsJson = False,
) -> None:
    """Check that a decision stands in the log, offline. The exit code is 1 when any check fails."""
    with reporting(as_json):
        trust = trust_of(log_key, rotation, witness, quorum)
        document = read_receipt(receipt)
        checks = verify_receipt(document, Upload.of(media).read(limit=MAX_MEDIA) if media else None, trust)
    report(checks, as_json=as_json)


def register(app: typer.Typer) -> None:
    """Adds the command."""
    app.command("verify")(verify)
