"""`countersign policy test`: whether a policy decides as the cases beside it say, and whether they try all of it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from countersign.cli.exits import ExitCode
from countersign.cli.policy import problem_line
from countersign.cli.policy_files import needed_cases, read_policy, version_of
from countersign.cli.session import AsJson, connect
from countersign.cli.text import cell, reporting, say, say_json
from countersign.views import tests_json
from server.cli.operating import operating, settings_of
from server.cli.policy import Online, named, problem_json

if TYPE_CHECKING:
    from policies.cases import Report
    from policies.mutation import Mutation


def run(
    ctx: typer.Context,
    file: Annotated[
        Path | None, typer.Argument(help="A policy; by default the one that the server would load.")
    ] = None,
    cases: Annotated[Path | None, typer.Option(help="Its cases; by default FILE with the ending .cases.yaml.")] = None,
    mutate: Annotated[bool, typer.Option(help="Also change the policy in many ways, and see each noticed.")] = False,
    online: Online = False,
    as_json: AsJson = False,
) -> None:
    """Run the cases of a policy. The exit code is 1 when one fails, when none tries a rule, or when one would not
    notice a change. With --online a proposed version can be named by its digest, and that it was tested is recorded.
    """
    if online:
        run_online(ctx, file, cases, as_json=as_json)
        return
    with operating(as_json=as_json):
        from policies import files
        from policies.cases import run_cases
        from policies.mutation import run_mutation
        from server.sources import all_sources

        settings = settings_of(ctx)
        path = file or settings.policy.file or files.DEFAULT_PACK
        text = files.read_text(path)
        beside = needed_cases(path, cases)
        sources = all_sources(settings.classifiers)
        texts = text, files.read_text(beside)
        report = run_cases(*texts, sources, policy_name=str(path), cases_name=str(beside))
        mutation = run_mutation(*texts, sources, name=str(path)) if mutate and report.ok else None
    if as_json:
        say_json(report_json(report, path, beside) | ({"mutation": mutation_json(mutation)} if mutation else {}))
    else:
        tell(report, path, beside)
        if mutation:
            tell_mutation(mutation, path)
    if not report.ok or (mutation and not mutation.ok):
        raise typer.Exit(ExitCode.CHECK_FAILED)


def run_online(ctx: typer.Context, file: Path | None, cases: Path | None, *, as_json: bool) -> None:
    """The same, by the server: of a file with its cases, or of a version on record."""
    with reporting(as_json), connect(ctx) as client:
        path = named(file)
        names = {}
        if path.is_file():
            beside = needed_cases(path, cases)
            names = {"policy": str(path), "cases": str(beside)}
            answer = client.test_policy(read_policy(path), read_policy(beside))
        else:
            answer = client.test_policy(version_of(client, str(path)))
        view = tests_json(answer)
        for each in (*view["problems"], *view["gaps"]):
            each["source"] = names.get(each["source"], each["source"])
    if as_json:
        say_json(view)
    else:
        tell_online(view, str(path), names.get("cases", "cases"))
    if not view["ok"]:
        raise typer.Exit(ExitCode.CHECK_FAILED)


def tell_online(view: dict[str, Any], name: str, cases: str) -> None:
    """The server's report for people. name, cases: what the policy and its cases are called."""
    for problem in (*view["problems"], *view["gaps"]):
        say(cell(f"✗ {problem_line(problem['source'], problem)}", "bold red"))
    failed = [case for case in view["cases"] if not case["ok"]]
    for case in failed:
        say(cell(f"✗ {cases}:{case['line']} {case['name']}", "bold red"))
        say(*(cell(f"    {failure}") for failure in case["failures"]))
    mark, style = ("✓", "green") if view["ok"] else ("✗", "bold red")
    say(cell(f"{mark} {name}: {len(view['cases']) - len(failed)} of {len(view['cases'])} cases as expected", style))


def tell(report: Report, path: Path, cases: Path) -> None:
    """The report for people: what is wrong, each with its place, then one line for all."""
    say(*(cell(f"✗ {problem}", "bold red") for problem in report.problems))
    for result in report.failed:
        say(cell(f"✗ {cases}:{result.case.position.line} {result.case.name}", "bold red"))
        say(*(cell(f"    {failure}") for failure in result.failures))
    for gap in report.gaps:
        say(cell(f"✗ {path}:{gap.position.line} rule {gap.rule!r}: {gap.message}", "bold red"))
    passed = len(report.results) - len(report.failed)
    mark, style = ("✓", "green") if report.ok else ("✗", "bold red")
    say(cell(f"{mark} {path}: {passed} of {len(report.results)} cases as expected", style))


def tell_mutation(mutation: Mutation, path: Path) -> None:
    """The changes that no case would notice, then one line for all."""
    for each in mutation.survivors:
        line = f"✗ {path}:{each.position.line} rule {each.rule!r}: no case notices {each.change}"
        say(cell(line, "bold red"))
    survived = len(mutation.survivors)
    mark, style = ("✓", "green") if mutation.ok else ("✗", "bold red")
    say(cell(f"{mark} {path}: {mutation.noticed} of {mutation.noticed + survived} changes noticed", style))


def mutation_json(mutation: Mutation) -> dict[str, Any]:
    """The changes that were tried. refused: how many made no policy at all. Lines are in the policy."""
    return {
        "ok": mutation.ok,
        "noticed": mutation.noticed,
        "refused": mutation.refused,
        "survivors": [
            {"line": each.position.line, "rule": each.rule, "change": each.change} for each in mutation.survivors
        ],
    }


def report_json(report: Report, path: Path, cases: Path) -> dict[str, Any]:
    """The report as JSON. Lines count from 1; that of a gap is in the policy, that of a case in its cases."""
    return {
        "ok": report.ok,
        "file": str(path),
        "cases_file": str(cases),
        "policy": {"id": report.policy_id, "digest": report.policy_digest},
        "problems": [{"source": each.source, **problem_json(each)} for each in report.problems],
        "cases": [
            {
                "name": result.case.name,
                "line": result.case.position.line,
                "ok": not result.failures,
                "action": result.decision.action.name.lower(),
                "failures": list(result.failures),
            }
            for result in report.results
        ],
        "gaps": [{"line": gap.position.line, "rule": gap.rule, "message": gap.message} for gap in report.gaps],
    }


def register(group: typer.Typer) -> None:
    """Adds the command to the group `policy`."""
    group.command("test")(run)
