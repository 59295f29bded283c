"""How the demo speaks to a person at a terminal."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn
from rich.table import Table

from countersign.v1 import common_pb2
from server.demo.row import Row

COLOURS = {"ALLOW": "green", "LABEL": "cyan", "REVIEW": "yellow", "BLOCK": "red"}


@contextmanager
def progress(console: Console, title: str) -> Iterator[Callable[[str, float], None]]:
    """A progress bar; yields what to call with stage and fraction."""
    columns = (TextColumn("{task.description}"), BarColumn(), TextColumn("{task.fields[stage]}"))
    with Progress(*columns, console=console, transient=True) as bar:
        task = bar.add_task(title, total=1.0, stage="")
        yield lambda stage, fraction: bar.update(task, completed=fraction, stage=stage)


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
