"""`countersign verify RECEIPT`: the checks of the offline verifier, line by line. It asks no server anything."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from countersign.cli.exits import ExitCode
from countersign.cli.session import AsJson
from countersign.cli.text import cell, reporting, say, say_json
from countersign.receipts import read_receipt
from countersign.uploads import Upload
from countersign.verify.receipt import Check, verify_receipt

# The verifier hashes media in memory; what no server accepts need not be read.
MAX_MEDIA = 4 * 1024**3


def verify(
    receipt: Annotated[Path, typer.Argument(help="A receipt, or the output of `screen --json` or `enhance --json`.")],
    media: Annotated[Path | None, typer.Option(help="The media that the decision was made on.")] = None,
    log_key: Annotated[str | None, typer.Option(help="The log's verifier key, from a source you trust.")] = None,
    as_json: AsJson = False,
) -> None:
    """Check that a decision stands in the log, offline. The exit code is 1 when any check fails."""
    with reporting(as_json):
        document = read_receipt(receipt)
        checks = verify_receipt(document, Upload.of(media).read(limit=MAX_MEDIA) if media else None, log_key)
    # An empty list of checks proves nothing.
    passed = bool(checks) and all(check.ok for check in checks)
    if as_json:
        say_json({"ok": passed, "checks": [{"name": c.name, "ok": c.ok, "detail": c.detail} for c in checks]})
    else:
        say(*(line_of(check) for check in checks))
    if not passed:
        raise typer.Exit(ExitCode.CHECK_FAILED)


def line_of(check: Check) -> object:
    """✓ or ✗, the check's name and what it found."""
    mark, style = ("✓", "green") if check.ok else ("✗", "bold red")
    return cell(f"{mark} {check.name}: {check.detail}", style)


def register(app: typer.Typer) -> None:
    """Adds the command."""
    app.command("verify")(verify)
