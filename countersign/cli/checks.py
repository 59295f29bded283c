"""What the verifying commands share: the options that say whom to trust, and how a list of checks is printed."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from countersign.cli.exits import ExitCode
from countersign.cli.text import cell, say, say_json
from countersign.errors import UnusableFile
from countersign.uploads import Upload
from countersign.verify.checks import Check, passed
from countersign.verify.policy import Trust

LogKeys = Annotated[
    list[str] | None,
    typer.Option("--log-key", metavar="VKEY", help="A verifier key of the log, from a source you trust. Repeatable."),
]
Rotations = Annotated[
    list[Path] | None,
    typer.Option("--rotation", metavar="FILE", help="A statement by which the log changed its key. Repeatable."),
]
Witnesses = Annotated[
    list[str] | None,
    typer.Option("--witness", metavar="VKEY", help="The key of a witness that must have cosigned. Repeatable."),
]
Quorum = Annotated[
    int | None, typer.Option("--quorum", min=1, help="How many of the witnesses must have cosigned; by default all.")
]
TimestampRoots = Annotated[
    Path | None,
    typer.Option(
        "--timestamp-root", metavar="FILE", help="Certificates (PEM) of the authority whose time stamp must hold."
    ),
]
# Checkpoints, proofs and rotation statements are some hundred bytes, with many cosignatures some thousand.
MAX_TEXT = 1024 * 1024


def trust_of(
    log_keys: Sequence[str] | None,
    rotations: Sequence[Path] | None,
    witnesses: Sequence[str] | None = None,
    quorum: int | None = None,
) -> Trust:
    """The options as a policy. Raises UnusableFile for a rotation that cannot be read."""
    statements = tuple(read_text(path) for path in rotations or ())
    return Trust(tuple(log_keys or ()), statements, tuple(witnesses or ()), quorum)


def roots_of(file: Path | None) -> bytes | None:
    """Certificates in PEM. Raises UnusableFile."""
    return None if file is None else read_text(file).encode()


def read_text(path: Path) -> str:
    """A small UTF-8 file, exactly as it is. Raises UnusableFile."""
    try:
        return Upload.of(path).read(limit=MAX_TEXT).decode("utf-8")
    except UnicodeDecodeError as error:
        raise UnusableFile(f"{path} is not UTF-8 text", field="file") from error


def report(checks: Sequence[Check], *, as_json: bool) -> None:
    """Prints the checks, and ends the command with exit code 1 unless all passed."""
    ok = passed(checks)
    if as_json:
        say_json({"ok": ok, "checks": [{"name": c.name, "ok": c.ok, "detail": c.detail} for c in checks]})
    else:
        say(*(line_of(check) for check in checks))
    if not ok:
        raise typer.Exit(ExitCode.CHECK_FAILED)


def line_of(check: Check) -> object:
    """✓, ! where it holds only as far as it goes, or ✗; the check's name and what it found."""
    mark, style = ("✓", "green") if check.ok else ("✗", "bold red")
    if check.reserved:
        mark, style = "!", "yellow"
    return cell(f"{mark} {check.name}: {check.detail}", style)
