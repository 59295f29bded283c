"""`countersign review|appeal ID`: what people make of a decision."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Any

import typer

from countersign.cli.log import DecisionId
from countersign.cli.record_tables import decision_table
from countersign.cli.session import AsJson, connect
from countersign.cli.text import reporting, say, say_json
from countersign.v1 import common_pb2
from countersign.views import reviewed_json

Code = Annotated[str, typer.Option("--reason", metavar="CODE", help="Your own code of why.")]


class FinalAction(StrEnum):
    """What a review can end in."""

    ALLOW = "ALLOW"
    LABEL = "LABEL"
    BLOCK = "BLOCK"


def review(
    ctx: typer.Context,
    decision_id: DecisionId,
    action: Annotated[FinalAction, typer.Option(case_sensitive=False, help="What holds from now on.")],
    reason: Code,
    note: Annotated[str, typer.Option(help="For colleagues and auditors.")] = "",
    seen: Annotated[
        int | None,
        typer.Option(min=0, metavar="INDEX", help="The latest_index you looked at; refused if something came since."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Decide about a decision: the same action upholds it, another one overturns it."""
    with reporting(as_json), connect(ctx) as client:
        value = common_pb2.Action.Value(f"ACTION_{action}")
        answer = client.review(decision_id, value, reason, note=note, seen_index=seen)
        view = reviewed_json(answer)
    tell(view, as_json=as_json)


def appeal(
    ctx: typer.Context,
    decision_id: DecisionId,
    reason: Code,
    statement: Annotated[str, typer.Option(help="In the appellant's own words.")] = "",
    appellant: Annotated[str, typer.Option(help="Your own opaque name of the person.")] = "",
    as_json: AsJson = False,
) -> None:
    """Contest a decision for the person concerned."""
    with reporting(as_json), connect(ctx) as client:
        view = reviewed_json(client.appeal(decision_id, reason, statement=statement, appellant=appellant))
    tell(view, as_json=as_json)


def tell(view: dict[str, Any], *, as_json: bool) -> None:
    """Prints the decision as it stands now."""
    if as_json:
        say_json(view)
    else:
        say(decision_table(view))
        say(f"recorded as entry {view['receipt']['log_index']}, id {view['receipt']['decision_id']}")


def register(app: typer.Typer) -> None:
    """Adds the commands."""
    app.command("review")(review)
    app.command("appeal")(appeal)
