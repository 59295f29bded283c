"""`countersign log follow|intents`: what is being decided, and what never came to a decision."""

from __future__ import annotations

from itertools import islice
from typing import Annotated

import typer

from countersign.cli.choosing import Choice, Tenant, choosing
from countersign.cli.record_tables import followed_line, intents_table
from countersign.cli.session import AsJson, connect
from countersign.cli.text import complain, reporting, say, say_json, say_json_line
from countersign.views import followed_json, intent_json


@choosing
def follow(
    ctx: typer.Context,
    choice: Choice,
    after: Annotated[
        int | None, typer.Option(min=-1, help="Begin behind this log index; -1 for all there is. Default: from now on.")
    ] = None,
    limit: Annotated[int | None, typer.Option(min=1, help="Stop after so many.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object a line on stdout.")] = False,
) -> None:
    """Print decisions as they are recorded, in the order of the log, until it is interrupted."""
    with reporting(as_json), connect(ctx) as client:
        for answer in islice(client.follow(after=after, **choice.keywords()), limit):
            view = followed_json(answer)
            if as_json:
                say_json_line(view)
            else:
                say(followed_line(view))


def intents(
    ctx: typer.Context,
    older_than: Annotated[int, typer.Option(min=0, help="Only those of at least so many seconds ago.")] = 3600,
    limit: Annotated[int, typer.Option(min=1, max=1000, help="At most so many, oldest first.")] = 100,
    tenant: Tenant = "",
    as_json: AsJson = False,
) -> None:
    """List work that was announced and has no decision: it runs still, or was cut short."""
    with reporting(as_json), connect(ctx) as client:
        answer = client.open_intents(older_than=older_than, limit=limit, tenant=tenant)
        views = [intent_json(intent) for intent in answer.intents]
    if as_json:
        say_json(views)
    else:
        say(intents_table(views))
    if answer.more:
        complain(f"there are more than {limit}")


def register(group: typer.Typer) -> None:
    """Adds the commands to the group `log`."""
    group.command("follow")(follow)
    group.command("intents")(intents)
