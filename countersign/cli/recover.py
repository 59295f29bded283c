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
    """Find the credentials of a file that was signed here and lost them. The exit code is 1 where there are none.

    A recovered manifest does not match the file any more, and the file may have been altered since.
    """
    with reporting(as_json, file=str(file)):
        if output is not None:
            refuse_output(output, force=force, source=file)
        with connect(ctx) as client:
            answer = client.by_content(file, watermark=watermark)
            if answer.matches and output is not None:
                write_atomically(output, client.manifest(answer.matches[0].manifest_id), force=force)
    view = recovery_json(str(file), answer)
    if as_json:
        say_json(view)
    else:
        say(*shown(view))
    if not view["matches"]:
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
    yield state_cell(view["provenance"])
    if view["provenance"] and view["provenance"]["manifests"]:
        yield manifests_table(view["provenance"]["manifests"])


def register(app: typer.Typer) -> None:
    """Adds the command."""
    app.command("recover")(recover)
