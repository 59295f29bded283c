"""`countersign erase SUBJECT`: deletes what the log keeps about a person in plaintext."""

from __future__ import annotations

from typing import Annotated

import typer

from countersign.cli.exits import ExitCode
from countersign.cli.session import AsJson, connect
from countersign.cli.text import plain, reporting, say, say_json
from countersign.views import erasure_json


def erase(
    ctx: typer.Context,
    subject: Annotated[str, typer.Argument(metavar="SUBJECT", help="Your own opaque name of the person.")],
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    as_json: AsJson = False,
) -> None:
    """Delete what the log keeps about a person. It cannot be undone; receipts stay valid."""
    question = f"Delete everything that is kept about {plain(subject)!r}? It cannot be undone"
    if not yes and not typer.confirm(question, err=True):
        raise typer.Exit(ExitCode.UNUSABLE)
    with reporting(as_json), connect(ctx) as client:
        view = erasure_json(client.erase_subject(subject))
    if as_json:
        say_json(view)
    else:
        say(f"erased from {view['erased_entries']} entries; recorded as entry {view['receipt']['log_index']}")


def register(app: typer.Typer) -> None:
    """Adds the command."""
    app.command("erase")(erase)
