"""`countersign policy check`: whether a policy can be loaded, and if not, every reason with its place; and `schema`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from countersign.cli.exits import ExitCode
from countersign.cli.session import AsJson
from countersign.cli.text import cell, say, say_json
from server.cli.operating import operating, settings_of

if TYPE_CHECKING:
    from policies.problems import Problem


def check(
    ctx: typer.Context,
    file: Annotated[
        Path | None, typer.Argument(help="A policy; by default the one that the server would load.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Check a policy against the signals of this release's detectors. The exit code is 1 when it has problems."""
    with operating(as_json=as_json):
        from policies import files
        from server.sources import all_sources

        path = file or settings_of(ctx).policy.file or files.DEFAULT_PACK
        problems = files.check(path, all_sources())
    if as_json:
        say_json({"ok": not problems, "file": str(path), "problems": [problem_json(each) for each in problems]})
    elif problems:
        say(*(cell(f"✗ {problem}", "bold red") for problem in problems))
    else:
        say(cell(f"✓ {path}", "green"))
    if problems:
        raise typer.Exit(ExitCode.CHECK_FAILED)


def problem_json(problem: Problem) -> dict[str, Any]:
    """One problem. line and column count from 1."""
    return {
        "line": problem.position.line,
        "column": problem.position.column,
        "rule": problem.rule,
        "message": problem.message,
        "hint": problem.hint,
    }


def schema() -> None:
    """Print the JSON Schema of policies, for editors."""
    with operating(as_json=True):
        from policies.schema import json_schema

        say_json(json_schema())


def register(group: typer.Typer) -> None:
    """Adds the commands to the group `policy`."""
    group.command("check")(check)
    group.command("schema")(schema)
