"""`countersign log list|show|receipt`: the record of decisions, as the caller's tenant may see it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from enum import StrEnum
from itertools import islice
from pathlib import Path
from typing import Annotated

import typer

from countersign.cli.files import refuse_output, write_json
from countersign.cli.session import AsJson, connect
from countersign.cli.tables import decision_table, decisions_table, findings_table
from countersign.cli.text import reporting, say, say_json
from countersign.client import Client
from countersign.receipts import receipt_json
from countersign.v1 import common_pb2
from countersign.views import decision_json

FORMATS = ["%Y-%m-%d", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%dT%H:%M:%S%z"]


class ActionName(StrEnum):
    """What a policy can decide."""

    ALLOW = "ALLOW"
    LABEL = "LABEL"
    REVIEW = "REVIEW"
    BLOCK = "BLOCK"


Since = Annotated[datetime | None, typer.Option(formats=FORMATS, help="Decided at or after; local time without zone.")]
Until = Annotated[datetime | None, typer.Option(formats=FORMATS, help="Decided before; local time without zone.")]
Action = Annotated[ActionName | None, typer.Option(case_sensitive=False, help="Only this decision.")]
Detector = Annotated[str, typer.Option(help="Only where this detector detected something.")]
Digest = Annotated[str, typer.Option(help="Only this media: sha256:…")]
DecisionId = Annotated[str, typer.Argument(metavar="ID", help="The decision's id.")]


def list_decisions(
    ctx: typer.Context,
    since: Since = None,
    until: Until = None,
    action: Action = None,
    detector: Detector = "",
    digest: Digest = "",
    limit: Annotated[int, typer.Option(min=1, help="At most so many, newest first.")] = 50,
    as_json: AsJson = False,
) -> None:
    """List recorded decisions, newest first."""
    with reporting(as_json), connect(ctx) as client:
        found = matching(client, since, until, action, detector, digest, page_size=min(limit, 1000))
        views = [decision_json(decision) for decision in islice(found, limit)]
    if as_json:
        say_json(views)
    else:
        say(decisions_table(views))


def show(ctx: typer.Context, decision_id: DecisionId, as_json: AsJson = False) -> None:
    """Show one decision with its reasons and findings."""
    with reporting(as_json), connect(ctx) as client:
        view = decision_json(client.get_decision(decision_id))
    if as_json:
        say_json(view)
    else:
        say(decision_table(view))
        if view["findings"]:
            say(findings_table(view["findings"]))


def receipt(
    ctx: typer.Context,
    decision_id: DecisionId,
    output: Annotated[Path | None, typer.Option("-o", "--output", help="A file; by default stdout.")] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace an existing file.")] = False,
) -> None:
    """Fetch a fresh receipt of a decision, as JSON for `countersign verify`."""
    with reporting(as_json=output is None):
        if output:
            refuse_output(output, force=force)
        with connect(ctx) as client:
            view = receipt_json(client.get_receipt(decision_id))
        if output:
            write_json(output, view, force=force)
        else:
            say_json(view)


def matching(
    client: Client,
    since: datetime | None,
    until: datetime | None,
    action: ActionName | None,
    detector: str,
    digest: str,
    page_size: int = 1000,
) -> Iterator[common_pb2.Decision]:
    """The decisions that the options describe. A moment without a zone is meant in local time."""
    return client.list_decisions(
        since=since.astimezone() if since else None,
        until=until.astimezone() if until else None,
        action=common_pb2.Action.Value(f"ACTION_{action}") if action else common_pb2.ACTION_UNSPECIFIED,
        detector=detector,
        media_digest=digest,
        page_size=page_size,
    )


def register(group: typer.Typer) -> None:
    """Adds the commands to the group `log`."""
    group.command("list")(list_decisions)
    group.command("show")(show)
    group.command("receipt")(receipt)
