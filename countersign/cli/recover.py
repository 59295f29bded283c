"""`countersign recover FILE [-o manifest.c2pa]`: the credentials that a file has lost, found by what it shows."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import typer
from rich.console import RenderableType

from countersign.cli.exits import ExitCode
from countersign.cli.files import refuse_output, write_atomically
from countersign.cli.session import AsJson, connect
from countersign.cli.tables import manifests_table, state_cell, table_of
from countersign.cli.text import cell, reporting, say, say_json
from countersign.views import Json, recovery_json

CERTAINTIES = {
    "SURE": "signed here, for sure",
    "LIKELY": "very likely signed here",
    "AMBIGUOUS": "signed here, or the upload that something signed here was made from",
}


def recover(
    ctx: typer.Context,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="Media of at most 32 MiB.")],
    output: Annotated[
        Path | None, typer.Option("-o", "--output", help="Where to write the surest manifest store (JUMBF).")
    ] = None,
    watermark: Annotated[str, typer.Option(help="An id that you read in it: 12 hexadecimal digits.")] = "",
    force: Annotated[bool, typer.Option("--force", help="Replace an existing file.")] = False,
    as_json: AsJson = False,
) -> None:
    """Find the credentials of a file that was signed here and lost them. The exit code is 1 where none are recovered.

    A recovered manifest does not match the file any more, and the file may have been altered since.

    Where it may as well be the upload that a signed file was made from, none are shown or written: exit code 1.

    What -o writes is a bare manifest store. `inspect` does not read it; the C2PA library does, as application/c2pa.
    """
    with reporting(as_json, file=str(file)):
        if output is not None:
            refuse_output(output, force=force, source=file)
        with connect(ctx) as client:
            answer = client.by_content(file, watermark=watermark)
            # Of an upload that something was made from, the server judges no manifest: there is none to hand out.
            recovered = answer.HasField("provenance")
            if recovered and output is not None:
                write_atomically(output, client.manifest(answer.matches[0].manifest_id), force=force)
    view = recovery_json(str(file), answer)
    if as_json:
        say_json(view)
    else:
        say(*shown(view))
    if not recovered:
        raise typer.Exit(ExitCode.CHECK_FAILED)


def shown(view: Json) -> Iterator[RenderableType]:
    """The recovery for people."""
    if view["watermark_unconfirmed"]:
        yield cell(
            "Its watermark is of something that was signed here, which the file does not show: it was copied.", "red"
        )
    if not view["matches"]:
        yield cell("Nothing that was signed here looks like it.")
        return
    table = table_of("Manifest", "How sure", "Confidence", "By", whole=("Confidence",))
    for match in view["matches"]:
        confidence = "—" if match["confidence"] is None else f"{match['confidence']:.3f}"
        words = CERTAINTIES.get(match["certainty"] or "", "—")
        table.add_row(cell(match["manifest_id"]), cell(words), cell(confidence), cell(", ".join(match["bindings"])))
    yield table
    if view["provenance"] is None:
        yield cell("It may as well be the upload that something signed here was made from: no credentials are shown.")
        return
    yield state_cell(view["provenance"])
    if view["provenance"]["manifests"]:
        yield manifests_table(view["provenance"]["manifests"])


def register(app: typer.Typer) -> None:
    """Adds the command."""
    app.command("recover")(recover)
