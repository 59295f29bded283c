"""`countersign log list|show|receipt|checkpoint`: the record of decisions, as the caller may see it."""

from __future__ import annotations

from itertools import islice
from pathlib import Path
from typing import Annotated

import typer

from countersign.cli.choosing import Choice, Tenant, choosing
from countersign.cli.files import refuse_output, write_json
from countersign.cli.record_tables import decision_table, decisions_table, history_table
from countersign.cli.session import AsJson, connect
from countersign.cli.tables import findings_table
from countersign.cli.text import reporting, say, say_json
from countersign.errors import PreconditionFailed
from countersign.receipts import receipt_json
from countersign.views import checkpoint_json, decision_json, history_json

DecisionId = Annotated[str, typer.Argument(metavar="ID", help="The decision's id.")]


@choosing
def list_decisions(
    ctx: typer.Context,
    choice: Choice,
    limit: Annotated[int, typer.Option(min=1, help="At most so many, newest first.")] = 50,
    as_json: AsJson = False,
) -> None:
    """List recorded decisions, newest first."""
    with reporting(as_json), connect(ctx) as client:
        found = client.list_decisions(page_size=min(limit, 1000), **choice.keywords())
        views = [decision_json(decision) for decision in islice(found, limit)]
    if as_json:
        say_json(views)
    else:
        say(decisions_table(views))


def show(ctx: typer.Context, decision_id: DecisionId, tenant: Tenant = "", as_json: AsJson = False) -> None:
    """Show one decision with its reasons, findings, reviews and appeals."""
    with reporting(as_json), connect(ctx) as client:
        view = history_json(client.history(decision_id, tenant=tenant))
    if as_json:
        say_json(view)
        return
    say(decision_table(view))
    if view["findings"]:
        say(findings_table(view["findings"]))
    if view["history"]:
        say(history_table(view["history"]))


def receipt(
    ctx: typer.Context,
    decision_id: Annotated[str, typer.Argument(metavar="ID", help="Of a decision, a review, an appeal or an erasure.")],
    output: Annotated[Path | None, typer.Option("-o", "--output", help="A file; by default stdout.")] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace an existing file.")] = False,
    witnessed: Annotated[
        bool, typer.Option("--witnessed", help="Against a checkpoint that a witness cosigned; may take a minute.")
    ] = False,
    tenant: Tenant = "",
) -> None:
    """Fetch a fresh receipt of an entry, as JSON for `countersign verify`."""
    with reporting(as_json=output is None):
        if output:
            refuse_output(output, force=force)
        with connect(ctx) as client:
            view = receipt_json(client.get_receipt(decision_id, witnessed=witnessed, tenant=tenant))
        if output:
            write_json(output, view, force=force)
        else:
            say_json(view)


def checkpoint(
    ctx: typer.Context,
    witnessed: Annotated[bool, typer.Option("--witnessed", help="The newest that a witness cosigned.")] = False,
    as_json: AsJson = False,
) -> None:
    """Print the newest signed checkpoint. Keep it somewhere else: `log consistency` holds the log against it later."""
    with reporting(as_json), connect(ctx) as client:
        view = checkpoint_json(client.checkpoint())
        if witnessed and not view["witnessed"]:
            raise PreconditionFailed("no witness has cosigned a checkpoint yet", field="witnessed")
    if as_json:
        say_json(view)
    else:
        print(view["witnessed" if witnessed else "checkpoint"], end="")


def register(group: typer.Typer) -> None:
    """Adds the commands to the group `log`."""
    group.command("list")(list_decisions)
    group.command("show")(show)
    group.command("receipt")(receipt)
    group.command("checkpoint")(checkpoint)
