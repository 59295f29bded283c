"""`countersign demo`: the whole loop on real files, with a server of its own."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from countersign.cli.exits import ExitCode
from server.cli.operating import operating


def demo(
    output: Annotated[Path, typer.Option("-o", "--output", help="Folder for the files that the demo makes.")] = Path(
        "demo-output"
    ),
) -> None:
    """Screen, tamper, enhance, make and verify files, in a minute. Needs nothing to be running."""
    with operating():
        from server.demo import run

        verified = run(output)
    if not verified:
        raise typer.Exit(ExitCode.CHECK_FAILED)


def register(app: typer.Typer) -> None:
    """Adds the command."""
    app.command("demo")(demo)
