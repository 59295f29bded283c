"""`countersign inspect FILE`: what a file says of its own origin, and whether that can be believed."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import RenderableType

from countersign.cli.files import beside
from countersign.cli.provenance_tree import DOUBT, chain_tree
from countersign.cli.provenance_words import STATES, code_words, words
from countersign.cli.session import AsJson, connect
from countersign.cli.tables import manifests_table, state_cell
from countersign.cli.text import cell, reporting, say, say_json
from countersign.errors import CorruptAnswer
from countersign.uploads import Upload
from countersign.views import inspection_json

CrJson = Annotated[
    bool, typer.Option("--crjson", help="Print the manifest store in C2PA's crJSON form, null where there is none.")
]


def inspect(
    ctx: typer.Context,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="Media of at most 32 MiB.")],
    as_json: AsJson = False,
    crjson: CrJson = False,
) -> None:
    """Read and validate the C2PA credentials in a file. Their absence does not mean that it is authentic."""
    if as_json and crjson:
        raise typer.BadParameter("--json and --crjson are two forms of the answer: choose one")
    with reporting(as_json or crjson, file=str(file)), connect(ctx) as client:
        answer = client.inspect(file, crjson=crjson, manifest_store=store_beside(file))
        store = read_crjson(answer.crjson)
    if crjson:
        say_json(store)
    elif as_json:
        say_json(inspection_json(str(file), answer))
    else:
        say(*shown(inspection_json(str(file), answer)))


def store_beside(file: Path) -> bytes:
    """The manifest store beside a DICOM file, which holds none itself; b"" where there is none. Raises UnusableFile."""
    store = beside(file)
    return Upload.of(store).read() if is_dicom(file) and store.is_file() else b""


def is_dicom(file: Path) -> bool:
    """Whether a file begins as one of DICOM does (PS3.10, 7.1). Raises UnusableFile."""
    with Upload.of(file).open() as stream:
        return stream.read(132)[128:] == b"DICM"


def read_crjson(text: str) -> Any:
    """The value in the text, None of "": what came out of the file is written anew, escaped like all that is printed.

    Raises CorruptAnswer where it is no JSON.
    """
    try:
        return json.loads(text) if text else None
    except (ValueError, RecursionError) as error:
        raise CorruptAnswer("the server's crJSON is no JSON", field="crjson") from error


def shown(view: dict[str, Any]) -> Iterator[RenderableType]:
    """The inspection for people."""
    state = view["state"] or ""
    yield state_cell(view)
    yield cell(words(STATES, state))
    if view["trusted_by"]:
        yield cell(f"  the signer stands on the list “{view['trusted_by']}”", "green")
    for code in view["codes"]:
        yield cell(f"  {code_words(code)}", DOUBT)
    if view["chain"]:
        yield chain_tree(view["chain"])
    elif view["manifests"]:
        yield manifests_table(view["manifests"])


def register(app: typer.Typer) -> None:
    """Adds the command."""
    app.command("inspect")(inspect)
