"""`countersign policy propose|approve|activate|rollback|list|show`: the life of a policy, step by step."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from countersign.cli.exits import ExitCode
from countersign.cli.policy_files import Candidate, cases_beside, read_policy, version_of
from countersign.cli.policy_tables import live_lines, steps_table, versions_table
from countersign.cli.session import AsJson, connect
from countersign.cli.text import complain, reporting, say, say_json
from countersign.views import Json, policies_json, problem_json, step_taken_json, version_json

Note = Annotated[str, typer.Option(help="Why, for colleagues and auditors.")]
Seen = Annotated[
    int | None,
    typer.Option(min=-1, metavar="INDEX", help="The log_index of `policy list`; refused if something changed since."),
]


def propose(
    ctx: typer.Context,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A policy.")],
    cases: Annotated[Path | None, typer.Option(help="Its cases; by default FILE with the ending .cases.yaml.")] = None,
    note: Note = "",
    as_json: AsJson = False,
) -> None:
    """Put a policy and its test cases on the record. Exit code 1, and nothing is, where the server could not use it."""
    with reporting(as_json), connect(ctx) as client:
        text = read_policy(file)
        problems = [problem_json(each) for each in client.check_policy(text).problems]
        view = {} if problems else step_taken_json(client.propose_policy(text, cases_beside(file, cases), note=note))
    if as_json:
        say_json({"ok": not problems, "problems": problems, **view})
    elif not problems:
        tell(view)
        if not view["version"]["cases_digest"]:
            complain("it has no test cases, and cannot be activated without: propose it again together with some")
    for each in problems:
        complain(f"✗ {problem_line(str(file), each)}")
    if problems:
        raise typer.Exit(ExitCode.CHECK_FAILED)


def approve(ctx: typer.Context, policy: Candidate, note: Note = "", as_json: AsJson = False) -> None:
    """Agree to a version that somebody else proposed."""
    with reporting(as_json), connect(ctx) as client:
        view = step_taken_json(client.approve_policy(version_of(client, policy), note=note))
    tell(view, as_json=as_json)


def activate(
    ctx: typer.Context,
    policy: Candidate,
    percent: Annotated[
        int, typer.Option(min=1, max=100, help="Of content, by its digest; raise it by activating again.")
    ] = 100,
    note: Note = "",
    seen: Seen = None,
    as_json: AsJson = False,
) -> None:
    """Let an approved version decide, on all content or a part of it. Its check is clean and its tests pass, or not."""
    with reporting(as_json), connect(ctx) as client:
        digest = version_of(client, policy)
        view = step_taken_json(client.activate_policy(digest, percent=percent, note=note, seen_index=seen))
    tell(view, as_json=as_json)


def rollback(ctx: typer.Context, note: Note = "", seen: Seen = None, as_json: AsJson = False) -> None:
    """Take back the version that decides on a part of content; where none does, what decided before decides again."""
    with reporting(as_json), connect(ctx) as client:
        view = step_taken_json(client.roll_back_policy(note=note, seen_index=seen))
    tell(view, as_json=as_json)


def show_all(
    ctx: typer.Context,
    limit: Annotated[int, typer.Option(min=1, max=1000, help="At most so many, the latest first.")] = 50,
    as_json: AsJson = False,
) -> None:
    """List versions, and which of them decide. Exit code 1 where the server does not decide as the log says."""
    with reporting(as_json), connect(ctx) as client:
        view = policies_json(client.list_policies(limit))
    if as_json:
        say_json(view)
    else:
        say(versions_table(view["versions"]), *live_lines(view))
    if view["stale"]:
        complain(f"this server does not decide as the log says: {view['stale']}")
        raise typer.Exit(ExitCode.CHECK_FAILED)


def show(
    ctx: typer.Context,
    policy: Candidate,
    text: Annotated[bool, typer.Option("--text", help="Print the policy's text and nothing else.")] = False,
    as_json: AsJson = False,
) -> None:
    """Show what happened to a version: who proposed, tested, approved and activated it, when and why."""
    with reporting(as_json), connect(ctx) as client:
        view = version_json(client.get_policy(version_of(client, policy)))
    if as_json:
        say_json(view)
    elif text:
        print(view["text"], end="")
    else:
        say(versions_table([view]), steps_table(view["steps"]))


def tell(view: Json, *, as_json: bool = False) -> None:
    """Prints a step that was taken."""
    if as_json:
        say_json(view)
        return
    say(versions_table([view["version"]]))
    if "live" in view:
        say(*live_lines(view))
    receipt = view["receipt"]
    say(f"recorded as entry {receipt['log_index']}, id {receipt['decision_id']}")


def problem_line(file: str, problem: Json) -> str:
    """One problem with its place, as `policy check` writes it."""
    rule = f" rule {problem['rule']!r}:" if problem["rule"] else ""
    hint = f" ({problem['hint']})" if problem["hint"] else ""
    return f"{file}:{problem['line']}:{problem['column']}:{rule} {problem['message']}{hint}"


def register(group: typer.Typer) -> None:
    """Adds the commands to the group `policy`."""
    group.command("propose")(propose)
    group.command("approve")(approve)
    group.command("activate")(activate)
    group.command("rollback")(rollback)
    group.command("list")(show_all)
    group.command("show")(show)
