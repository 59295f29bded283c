"""`countersign inspect FILE`: what a file says of its own origin, and whether that can be believed."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from countersign.cli.session import AsJson, connect
from countersign.cli.tables import manifests_table, state_cell
from countersign.cli.text import reporting, say, say_json
from countersign.views import inspection_json


def inspect(
    ctx: typer.Context,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="Media of at most 32 MiB.")],
    as_json: AsJson = False,
) -> None:
    """Read and validate the C2PA credentials in a file. Their absence does not mean that it is authentic."""
    with reporting(as_json, file=str(file)), connect(ctx) as client:
        view = inspection_json(str(file), client.inspect(file))
    if as_json:
        say_json(view)
    else:
        show(view)


def show(view: dict[str, Any]) -> None:
    """The inspection for people."""
    say(state_cell(view))
    for code in view["codes"]:
        say(f"  {code}")
    if view["manifests"]:
        say(manifests_table(view["manifests"]))


def register(app: typer.Typer) -> None:
    """Adds the command."""
    app.command("inspect")(inspect)
