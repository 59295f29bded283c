"""`countersign log export`: the record as a file, streamed, so that its length does not matter."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from typing import Annotated, BinaryIO

import typer

from countersign.cli.choosing import Choice, choosing
from countersign.cli.files import atomically, refuse_output
from countersign.cli.progress import Bars
from countersign.cli.session import connect
from countersign.cli.text import reporting
from countersign.client import Client
from countersign.errors import InvalidRequest
from countersign.receipts import receipt_json
from countersign.v1 import audit_pb2, common_pb2
from countersign.views import decision_json


class Format(StrEnum):
    """What the file is made of."""

    JSONL = "jsonl"
    PARQUET = "parquet"
    DSA = "dsa"


# Written by the server: it has the library that Parquet needs, and the operator's mapping for statements of reasons.
OF_SERVER: Mapping[Format, audit_pb2.ExportFormat.ValueType] = {
    Format.PARQUET: audit_pb2.EXPORT_FORMAT_PARQUET,
    Format.DSA: audit_pb2.EXPORT_FORMAT_DSA_JSONL,
}


@choosing
def export(
    ctx: typer.Context,
    choice: Choice,
    form: Annotated[
        Format,
        typer.Option(
            "--format", help="jsonl: a decision a line. parquet: a table. dsa: statements of reasons, a line each."
        ),
    ] = Format.JSONL,
    receipts: Annotated[
        bool, typer.Option("--receipts", help="Add receipts to JSON Lines, at one more call each.")
    ] = False,
    output: Annotated[Path | None, typer.Option("-o", "--output", help="A file; by default stdout.")] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace an existing file.")] = False,
) -> None:
    """Write decisions to a file, newest first. Give --timeout for an export that takes longer than ten minutes."""
    with reporting(as_json=False):
        refuse_mixture(form, receipts, output)
        if output:
            refuse_output(output, force=force)
        with connect(ctx) as client, destination(output, force=force) as stream, Bars() as bars:
            report = bars.counting(f"exporting {form}")
            for piece in pieces(client, choice, form, receipts):
                stream.write(piece)
                report(len(piece), 0 if form is Format.PARQUET else piece.count(b"\n"))


def refuse_mixture(form: Format, receipts: bool, output: Path | None) -> None:
    """Raises InvalidRequest for options that do not go together."""
    if receipts and form is not Format.JSONL:
        raise InvalidRequest(f"receipts are for JSON Lines, not for {form}", field="receipts")
    if form is Format.PARQUET and output is None:
        raise InvalidRequest("a Parquet file is not for the terminal; name one with -o", field="output")


def pieces(client: Client, choice: Choice, form: Format, receipts: bool) -> Iterable[bytes]:
    """The file, piece by piece. JSON Lines are made here, of pages: one that fails is asked for again by itself."""
    if form is not Format.JSONL:
        return client.export(OF_SERVER[form], **choice.keywords())
    decisions = client.list_decisions(page_size=1000, **choice.keywords())
    return (line_of(client, decision, choice.tenant, with_receipt=receipts) for decision in decisions)


def line_of(client: Client, decision: common_pb2.Decision, tenant: str, *, with_receipt: bool) -> bytes:
    """One line of JSON Lines."""
    view = decision_json(decision)
    if with_receipt:
        view["receipt"] = receipt_json(client.get_receipt(decision.decision_id, tenant=tenant))
    return json.dumps(view).encode() + b"\n"


@contextmanager
def destination(output: Path | None, *, force: bool) -> Iterator[BinaryIO]:
    """The output file, replaced only when the export is complete; or stdout."""
    if output is None:
        yield sys.stdout.buffer
        sys.stdout.buffer.flush()
        return
    with atomically(output, force=force) as stream:
        yield stream


def register(group: typer.Typer) -> None:
    """Adds the command to the group `log`."""
    group.command("export")(export)
