"""`countersign policy dry-run|backtest|explain`: what a policy would do, and why it did what it did."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from countersign.cli.choosing import FORMATS, Since, Tenant, Until
from countersign.cli.exits import ExitCode, exit_code_of
from countersign.cli.log import DecisionId
from countersign.cli.policy_files import Candidate, candidate_of, told_of_file
from countersign.cli.policy_tables import backtest_tables, dry_run_table, explained_tables
from countersign.cli.progress import Bars
from countersign.cli.session import AsJson, Jurisdiction, Surface, connect, context_of
from countersign.cli.text import complain, reporting, say, say_json, sentence_of
from countersign.client import Client
from countersign.errors import CountersignError, ServerUnavailable
from countersign.v1 import common_pb2
from countersign.views import Json, backtest_json, dry_run_json, error_json, explained_json


def dry_run(
    ctx: typer.Context,
    policy: Candidate,
    files: Annotated[list[Path], typer.Argument(metavar="FILE…", help="Images and videos of at most 32 MiB.")],
    surface: Surface = "",
    jurisdiction: Jurisdiction = "",
    as_json: AsJson = False,
) -> None:
    """Decide on files by what decides now and by a candidate, and show the difference. No decision is recorded."""
    with reporting(as_json), told_of_file(policy), connect(ctx) as client:
        candidate = candidate_of(client, policy)
        views = list(rehearsed(client, candidate, files, context_of(surface, jurisdiction)))
    if as_json:
        say_json([view for view, _ in views])
    else:
        say(dry_run_table(view for view, _ in views))
    code = max((exit_code_of(error) for _, error in views if error), default=ExitCode.DONE)
    raise typer.Exit(code)


def rehearsed(
    client: Client, candidate: str, files: Sequence[Path], context: common_pb2.Context
) -> Iterator[tuple[Json, CountersignError | None]]:
    """Each file in JSON form. One that fails does not stop the others; a lost server, or a bad policy, does."""
    for file in files:
        try:
            yield dry_run_json(str(file), client.dry_run_policy(candidate, file, context=context)), None
        except CountersignError as error:
            if isinstance(error, ServerUnavailable) or error.field.startswith("candidate"):
                raise
            complain(f"{file}: {sentence_of(error)}")
            yield {"file": str(file), "error": error_json(error)}, error


def backtest(
    ctx: typer.Context,
    policy: Candidate,
    since: Since = None,
    until: Until = None,
    tenant: Annotated[
        list[str] | None,
        typer.Option(help="Of this tenant, which the token has to read; repeatable. Default: its own."),
    ] = None,
    samples: Annotated[int, typer.Option(min=1, max=100, help="Decisions that are named for each change.")] = 5,
    as_of: Annotated[
        datetime | None,
        typer.Option(formats=FORMATS, help="Judge rules that begin and end as of then. Default: as of each decision."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Decide again on what was decided, from the findings on record, and show what the policy would have changed.

    No model runs. What was not recorded then is not guessed: such decisions are counted.
    """
    with reporting(as_json), told_of_file(policy), connect(ctx) as client, Bars() as bars:
        result = client.backtest_policy(
            candidate_of(client, policy),
            since=since.astimezone() if since else None,
            until=until.astimezone() if until else None,
            as_of=as_of.astimezone() if as_of else None,
            tenants=tenant or (),
            samples=samples,
            progress=bars.replaying(),
        )
        view = backtest_json(result)
    if as_json:
        say_json(view)
    else:
        say(*backtest_tables(view))


def explain(ctx: typer.Context, decision_id: DecisionId, tenant: Tenant = "", as_json: AsJson = False) -> None:
    """Tell why a decision came out as it did: what fired, what nearly did, and what would have altered it."""
    with reporting(as_json), connect(ctx) as client:
        view = explained_json(client.explain_decision(decision_id, tenant=tenant))
    if as_json:
        say_json(view)
    else:
        say(*explained_tables(view))


def register(group: typer.Typer) -> None:
    """Adds the commands to the group `policy`."""
    group.command("dry-run")(dry_run)
    group.command("backtest")(backtest)
    group.command("explain")(explain)
