"""`countersign log hammer`: load on a log, with every promise checked meanwhile."""

from __future__ import annotations

import asyncio
import secrets
from typing import TYPE_CHECKING, Annotated, Any

import typer

from countersign.cli.exits import ExitCode
from countersign.cli.session import AsJson
from countersign.cli.text import cell, say, say_json
from server.cli.operating import operating, settings_of

if TYPE_CHECKING:
    from server.audit.hammer.plan import Plan
    from server.audit.hammer.report import Progress, Report
    from server.config import Settings

Seconds = Annotated[float, typer.Option(min=1.0, help="How long the load lasts.")]
Callers = Annotated[int, typer.Option(min=1, help="In each process; each waits for its answer.")]
Processes = Annotated[int, typer.Option(min=1, help="Processes that write to the one log.")]
Kill = Annotated[float, typer.Option(min=0.0, help="Mean seconds between two SIGKILLs of a process; 0 for none.")]
Force = Annotated[bool, typer.Option("--force", help="Also on a log that has entries. What is written stays there.")]


def hammer(
    ctx: typer.Context,
    seconds: Seconds = 30.0,
    callers: Callers = 32,
    processes: Processes = 2,
    kill: Kill = 0.0,
    force: Force = False,
    as_json: AsJson = False,
) -> None:
    """Load the configured log and check every promise meanwhile. WRITES entries that stay: use a database of its own.

    The exit code is 1 when a promise was broken.
    """
    with operating(as_json=as_json):
        from server.audit.hammer.plan import Plan

        settings = settings_of(ctx)
        plan = Plan(
            url=settings.url,
            keys=settings.data_dir,
            origin=settings.origin,
            run=f"hammer-{secrets.token_hex(4)}",
            seconds=seconds,
            processes=processes,
            callers=callers,
            kill=kill,
        )
        report = asyncio.run(load(settings, plan, force=force))
    if as_json:
        say_json(report.as_json())
    else:
        show(report)
    if not report.ok:
        raise typer.Exit(ExitCode.CHECK_FAILED)


async def load(settings: Settings, plan: Plan, *, force: bool) -> Report:
    """The run, with one line on stderr that says how it goes. Makes the database if there is none."""
    from rich.console import Console

    from server.audit.hammer.run import hammer as run
    from server.audit.hammer.run import refuse_used_log
    from server.audit.sql import schema

    settings.data_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
    await asyncio.to_thread(schema.upgrade, settings.url)
    if not force:
        await refuse_used_log(plan)
    with Console(stderr=True).status("opening the log") as status:
        return await run(plan, lambda progress: status.update(line_of(progress)))


def line_of(progress: Progress) -> str:
    """How it goes, in one line."""
    killed = f", {progress.kills} killed" if progress.kills else ""
    return (
        f"{progress.seconds:.0f} s: {progress.entries:,} entries, {progress.rate:,.0f}/s, p99 {progress.p99:.0f} ms, "
        f"{progress.checks:,} checks, {progress.violations} violations{killed}"
    )


def show(report: Report) -> None:
    """The report for people."""
    say(table_of("entries", {**report.entries, "in the log": report.size}))
    say(table_of("checks", report.checks))
    if report.refused:
        say(table_of("refused, as they may be", report.refused))
    waits = f"p50 {report.p50:.1f} ms, p99 {report.p99:.1f} ms"
    killed = f", {report.kills} processes killed" if report.kills else ""
    say(f"{report.rate:,.0f} entries/s over {report.seconds:.1f} s, {waits}{killed}")
    for violation in report.violations:
        say(cell(f"✗ {violation.what}: {violation.detail}", "bold red"))
    if report.further:
        say(cell(f"✗ and {report.further} more", "bold red"))
    if report.ok:
        say(cell("✓ every promise was kept", "green"))
    elif not report.violations:
        say(cell("✗ the log took no entry", "bold red"))


def table_of(title: str, counts: Any) -> Any:
    """Counts by name, as a table."""
    from rich.table import Table

    table = Table(title=title, title_justify="left")
    table.add_column("what")
    table.add_column("how many", justify="right")
    for name, count in sorted(counts.items()):
        table.add_row(cell(name), f"{count:,}")
    return table


def register(group: typer.Typer) -> None:
    """Adds the command to the group `log`."""
    group.command("hammer")(hammer)
