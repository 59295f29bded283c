"""`countersign log fsck`: the whole log recomputed from its leaves, on the machine that keeps it."""

from __future__ import annotations

import base64
import functools
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from countersign.cli.exits import ExitCode
from countersign.cli.progress import Bars
from countersign.cli.session import AsJson
from countersign.cli.text import cell, complain, say, say_json
from server.cli.operating import operating, settings_of

if TYPE_CHECKING:
    from server.audit.checks.report import Report
    from server.audit.checks.witnessed import Outside
    from server.config import Settings


def fsck(
    ctx: typer.Context,
    log_key: Annotated[str | None, typer.Option(help="The log's verifier key, from a source you trust.")] = None,
    checkpoint: Annotated[
        list[Path] | None, typer.Option(help="A checkpoint seen earlier, which the log must still agree with.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Examine the log's database, beside a running server if there is one. The exit code is 1 when it is damaged."""
    with operating(as_json=as_json):
        from server.audit.fsck import fsck as examine

        settings = settings_of(ctx)
        with Bars() as bars:
            examination = functools.partial(
                examine,
                settings.url,
                log_key or stored_key(settings),
                [text_of(path) for path in checkpoint or []],
                mark_dir=settings.data_dir,
                outside=outside_of(settings),
                progress=bars.examining(),
            )
            report = interruptible(lambda cancelled: examination(cancelled=cancelled))
    if as_json:
        say_json(report_json(report))
    else:
        show(report)
    if not report.ok:
        raise typer.Exit(ExitCode.CHECK_FAILED)


def interruptible(work: Callable[[Callable[[], bool]], Report]) -> Report:
    """Runs `work` on a thread of its own and hands it a question, "cancelled?", that Ctrl-C answers with yes.

    Ctrl-C is heard between two statements of Python; on this thread it would wait for the database.
    """
    stop = threading.Event()
    with ThreadPoolExecutor(1, thread_name_prefix="fsck") as pool:
        running = pool.submit(work, stop.is_set)
        try:
            return running.result()
        except KeyboardInterrupt:
            stop.set()
            raise


def outside_of(settings: Settings) -> Outside:
    """Whose cosignatures and timestamps the settings name."""
    from server.audit.fsck import Outside, witness_key

    keys = [witness_key(each.key) for each in settings.witnesses]
    if settings.timestamps is None:
        return Outside(keys)
    return Outside(keys, text_of(settings.timestamps.roots).encode())


def stored_key(settings: Settings) -> str:
    """The verifier key beside the database. Whoever could change the one could change the other: so it is said."""
    from server.audit.tree.keys import VERIFIER_FILE

    path = settings.data_dir / VERIFIER_FILE
    key = text_of(path)
    complain(f"NOT PINNED: the log's key was read from {path}; give a copy you trust with --log-key")
    return key


def text_of(path: Path) -> str:
    """A small text file. Raises ConfigurationError."""
    from core.errors import ConfigurationError

    try:
        return path.read_text(encoding="utf-8")
    except OSError as error:
        raise ConfigurationError(f"cannot read {path}: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise ConfigurationError(f"{path} is not text") from error


def report_json(report: Report) -> dict[str, Any]:
    """The object of `log fsck --json`. root: base64, as checkpoints have it."""
    return {
        "ok": report.ok,
        "size": report.size,
        "root": base64.b64encode(report.root).decode(),
        "first_bad": report.first_bad,
        "damages": [{"what": each.what, "index": each.index, "detail": each.detail} for each in report.damages],
        "further": report.further,
        "erased": report.summary.erased,
        "expired": report.summary.expired,
        "orphaned_intents": report.summary.orphaned,
    }


def show(report: Report) -> None:
    """The report for people."""
    for damage in report.damages:
        where = "" if damage.index is None else f" at entry {damage.index}"
        say(cell(f"✗ {damage.what}{where}: {damage.detail}", "bold red"))
    if report.further:
        say(cell(f"✗ and {report.further} more", "bold red"))
    if report.ok:
        root = base64.b64encode(report.root).decode()
        say(cell(f"✓ {report.size} entries, root {root}", "green"))
    found = report.summary
    if found.erased or found.expired:
        say(f"plaintext is gone from {found.erased} entries by erasure, and from {found.expired} by retention")
    if found.orphaned:
        say(cell(f"{found.orphaned} intents are older than a day and have no decision: work was lost", "yellow"))


def register(group: typer.Typer) -> None:
    """Adds the command to the group `log`."""
    group.command("fsck")(fsck)
