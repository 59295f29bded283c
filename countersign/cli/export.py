"""`countersign log export`: the record as JSON Lines, streamed, so that its length does not matter."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, BinaryIO

import typer

from countersign.cli.choosing import Choice, choosing
from countersign.cli.files import atomically, refuse_output
from countersign.cli.session import connect
from countersign.cli.text import reporting
from countersign.client import Client
from countersign.receipts import receipt_json
from countersign.v1 import common_pb2
from countersign.views import decision_json


@choosing
def export(
    ctx: typer.Context,
    choice: Choice,
    receipts: Annotated[bool, typer.Option("--receipts", help="Add receipts, at one more call each.")] = False,
    output: Annotated[Path | None, typer.Option("-o", "--output", help="A file; by default stdout.")] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace an existing file.")] = False,
) -> None:
    """Write decisions as JSON Lines, one object a line, newest first."""
    with reporting(as_json=False):
        if output:
            refuse_output(output, force=force)
        with connect(ctx) as client, destination(output, force=force) as stream:
            for decision in client.list_decisions(page_size=1000, **choice.keywords()):
                stream.write(line_of(client, decision, with_receipt=receipts))


def line_of(client: Client, decision: common_pb2.Decision, *, with_receipt: bool) -> bytes:
    """One line of the export."""
    view = decision_json(decision)
    if with_receipt:
        view["receipt"] = receipt_json(client.get_receipt(decision.decision_id))
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
