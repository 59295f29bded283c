"""`countersign policy check`: whether a policy can be loaded, and if not, every reason with its place; and `schema`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from countersign import views
from countersign.cli.exits import ExitCode
from countersign.cli.policy import problem_line
from countersign.cli.policy_files import read_policy
from countersign.cli.session import AsJson, connect
from countersign.cli.text import cell, reporting, say, say_json
from countersign.errors import UnusableFile
from server.cli.operating import operating, settings_of

if TYPE_CHECKING:
    from policies.problems import Problem

Online = Annotated[bool, typer.Option("--online", help="Ask the server, whose detectors may be others.")]


def check(
    ctx: typer.Context,
    file: Annotated[
        Path | None, typer.Argument(help="A policy; by default the one that the server would load.")
    ] = None,
    online: Online = False,
    as_json: AsJson = False,
) -> None:
    """Check a policy against the signals of this release's detectors. The exit code is 1 when it has problems."""
    if online:
        check_online(ctx, file, as_json=as_json)
        return
    with operating(as_json=as_json):
        from policies import files
        from server.sources import all_sources

        settings = settings_of(ctx)
        path = file or settings.policy.file or files.DEFAULT_PACK
        problems = files.check(path, all_sources(settings.classifiers))
    if as_json:
        say_json({"ok": not problems, "file": str(path), "problems": [problem_json(each) for each in problems]})
    elif problems:
        say(*(cell(f"✗ {problem}", "bold red") for problem in problems))
    else:
        say(cell(f"✓ {path}", "green"))
    if problems:
        raise typer.Exit(ExitCode.CHECK_FAILED)


def check_online(ctx: typer.Context, file: Path | None, *, as_json: bool) -> None:
    """The same, by the signals of the server."""
    with reporting(as_json), connect(ctx) as client:
        path = named(file)
        answer = client.check_policy(read_policy(path))
        problems = [views.problem_json(each) for each in answer.problems]
    if as_json:
        say_json({"ok": not problems, "file": str(path), "problems": problems})
    elif problems:
        say(*(cell(f"✗ {problem_line(str(path), each)}", "bold red") for each in problems))
    else:
        say(cell(f"✓ {path} ({answer.digest})", "green"))
    if problems:
        raise typer.Exit(ExitCode.CHECK_FAILED)


def named(file: Path | None) -> Path:
    """What the server is asked about has to be named: the policy in its own configuration is not this machine's."""
    if file is None:
        raise UnusableFile("name the policy that the server is asked about", field="file")
    return file


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
