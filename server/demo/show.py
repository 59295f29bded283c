"""How the demo speaks to a person at a terminal."""

from __future__ import annotations

import io
import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from PIL import Image
from rich.color import Color
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn
from rich.style import Style
from rich.table import Table
from rich.text import Text

from countersign.v1 import common_pb2, generation_pb2
from server.demo.row import Row

COLUMNS = 48
"""Of the terminal that a picture fills; a cell shows two pixels, one above the other."""
COLOURS = {"ALLOW": "green", "LABEL": "cyan", "REVIEW": "yellow", "BLOCK": "red"}


@contextmanager
def progress(console: Console, title: str) -> Iterator[Callable[[str, float], None]]:
    """A progress bar; yields what to call with stage and fraction."""
    columns = (TextColumn("{task.description}"), BarColumn(), TextColumn("{task.fields[stage]}"))
    with Progress(*columns, console=console, transient=True) as bar:
        task = bar.add_task(title, total=1.0, stage="")
        yield lambda stage, fraction: bar.update(task, completed=fraction, stage=stage)


def picture(console: Console, data: bytes) -> None:
    """The picture in half blocks of colour; nothing where the output is no terminal."""
    if not console.is_terminal:
        return
    with Image.open(io.BytesIO(data)) as opened:
        rows = max(1, round(COLUMNS * opened.height / opened.width / 2))
        pixels = np.asarray(opened.convert("RGB").resize((COLUMNS, 2 * rows)))
    for above, below in zip(pixels[::2], pixels[1::2], strict=True):
        line = Text()
        for over, under in zip(above, below, strict=True):
            line.append("▀", Style(color=Color.from_rgb(*over), bgcolor=Color.from_rgb(*under)))
        console.print(line)


def made(
    console: Console,
    prompt: str,
    file: Path,
    result: generation_pb2.MadeMedia,
    credential: common_pb2.Provenance,
) -> None:
    """What was made, where it lies, what it is most like, and whether its credential holds."""
    state = common_pb2.CredentialState.Name(credential.state).removeprefix("CREDENTIAL_STATE_")
    console.print(f"“{prompt}”, seed {result.seed}: {file}; its credential is {state}.", markup=False)
    if result.HasField("nearest"):
        like = f"{result.nearest.item} ({result.nearest.similarity:.2f})"
        console.print(f"Of what the model learned from it is most like {like}.", markup=False)


def closing(console: Console, rows: Sequence[Row], verified: Sequence[bool], output: Path) -> None:
    """The table: file, decision, reasons, credential, receipt."""
    table = Table(title="What Countersign decided", title_justify="left")
    for heading in ("File", "Decision", "Reasons", "Credential", "Receipt"):
        table.add_column(heading, overflow="fold")
    for row, ok in zip(rows, verified, strict=True):
        action = common_pb2.Action.Name(row.decision.action).removeprefix("ACTION_")
        state = common_pb2.CredentialState.Name(row.decision.provenance.state).removeprefix("CREDENTIAL_STATE_")
        table.add_row(
            row.file,
            f"[{COLOURS.get(action, 'white')}]{action}[/]",
            "\n".join(reason.text for reason in row.decision.reasons) or "no rule fired",
            state,
            f"[green]entry {row.receipt.log_index}, verified offline[/]" if ok else "[red]does not verify[/]",
        )
    console.print(table)
    console.print(f"The files, the mask and the receipts are in {output}/. Check one yourself:")
    command = "countersign" if shutil.which("countersign") else ".venv/bin/countersign"
    console.print(f"  {command} verify {output}/photo.jpg.receipt.json --media {output}/photo.jpg", style="bold")
