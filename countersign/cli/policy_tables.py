"""Tables of policies, made of the same JSON forms that programs get."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from rich.table import Table
from rich.text import Text

from countersign.cli.tables import reasons_text, table_of
from countersign.cli.text import ACTION_STYLES, action_cell, cell, short
from countersign.views import Json

ACTIONS = ("ALLOW", "LABEL", "REVIEW", "BLOCK")
STANDINGS = {"ACTIVE": "bold green", "STAGED": "green", "APPROVED": "cyan", "SUPERSEDED": "dim"}
OWN = "the policy in each server's configuration"


def versions_table(versions: Iterable[Json]) -> Table:
    """One row a version."""
    table = table_of("Policy", "Digest", "Standing", "Decides on", "Proposed by", "Note", whole=("Standing", "Digest"))
    for view in versions:
        proposal = next((each for each in reversed(view["steps"]) if each["kind"] == "PROPOSED"), None)
        table.add_row(
            cell(f"{view['policy_id']} {view['version']}"),
            cell(short(view["digest"])),
            cell((view["standing"] or "—").lower(), STANDINGS.get(view["standing"] or "", "")),
            cell(f"{view['percent']} %" if view["percent"] else "—"),
            cell((proposal["actor"] or "not on record") if proposal else "—"),
            cell(proposal["note"] if proposal else ""),
        )
    return table


def steps_table(steps: Iterable[Json]) -> Table:
    """One row a step."""
    table = table_of("When, entry", "Step", "By", "Note", whole=("Step",))
    for step in steps:
        table.add_row(
            cell(f"{step['recorded_at'] or '—'}\n{step['log_index']}"),
            cell(step_words(step)),
            cell(step["actor"] or "not on record"),
            cell(step["note"]),
        )
    return table


def step_words(step: Json) -> str:
    """What was done, with its figures."""
    words = str(step["kind"] or "—").lower().replace("_", " ")
    if step["percent"] is not None:
        words += f", decides on {step['percent']} %"
    if step["tests_passed"] or step["tests_failed"]:
        words += f"\n{step['tests_passed']} cases passed, {step['tests_failed']} failed"
    return words


def live_lines(view: Json) -> Iterator[str]:
    """What the log says decides."""
    live = view["live"]
    stable, staged = live["stable_digest"], live["staged_digest"]
    rest = f"{100 - live['staged_percent']} % of content is" if staged else "all content is"
    if staged:
        yield f"{live['staged_percent']} % of content is decided by {short(staged)}"
    yield f"{rest} decided by {short(stable) if stable else OWN} (log_index {live['log_index']})"


def dry_run_table(views: Iterable[Json]) -> Table:
    """One row a file."""
    table = table_of("File", "Now", "Candidate", "Why now", "Why then", whole=("Now", "Candidate"))
    for view in views:
        if "error" in view:
            none = cell("—", "red")
            table.add_row(cell(view["file"]), none, none, cell(view["error"]["message"]), none)
        else:
            table.add_row(cell(view["file"]), *dry_run_cells(view))
    return table


def dry_run_cells(view: Json) -> tuple[Text, Text, Text, Text]:
    """What is decided now and by the candidate, and why; what does not differ is not said twice."""
    live, candidate = view["live"], view["candidate"]
    now, then = reasons_text(live["reasons"]), reasons_text(candidate["reasons"])
    same = cell("the same", "dim")
    return (
        action_cell(live["action"]),
        action_cell(candidate["action"]) if view["changed"] else same,
        cell(now),
        same if now == then else cell(then),
    )


def explained_tables(view: Json) -> Iterator[Any]:
    """What fired with its values, what nearly did, and what would have altered the decision."""
    decision, outcome = view["decision"], view["outcome"]
    if not view["reproduced"]:
        yield cell("What is on record does not lead to the decision that was made; what follows may differ.", "yellow")
    if view["missing_signals"]:
        yield f"not on record: {', '.join(view['missing_signals'])}"
    yield action_cell(decision["action"]) + cell(f" by {decision['policy_id']} ({short(decision['policy_digest'])})")
    fired = table_of("Rule that fired", "Action", "Why", "Values", whole=("Action",))
    for reason in (*outcome["reasons"], *outcome["shadow_reasons"]):
        values = "\n".join(f"{name}: {value}" for name, value in sorted(reason["operands"].items()))
        fired.add_row(cell(reason["rule"] or "—"), action_cell(reason["action"]), cell(reason["text"]), cell(values))
    yield fired
    if view["near_misses"]:
        near = table_of("Rule that nearly fired", "Action", "What was missing", whole=("Action",))
        for each in view["near_misses"]:
            rule = f"{each['rule']} (shadow)" if each["shadow"] else each["rule"]
            near.add_row(cell(rule), action_cell(each["action"]), cell(each["text"]))
        yield near
    for name in ("milder", "stricter"):
        if other := view[name]:
            yield cell(f"{name}: ", "bold") + cell(other["text"])


def backtest_tables(view: Json) -> Iterator[Any]:
    """What would have changed, from the whole to single decisions."""
    yield cell(
        f"{view['policy_id']} ({short(view['policy_digest'])}) over {view['decisions']:,} decisions: "
        f"{view['changed']:,} of {view['replayed']:,} would have been decided otherwise",
        "bold",
    )
    yield matrix_table(view["matrix"])
    if changed := [rule for rule in view["rules"] if rule["fired_before"] != rule["fired_after"]]:
        yield rules_table(changed)
    for title, groups in (("Detected", view["labels"]), ("Tenant", view["tenants"])):
        if len(groups) > 1 or any(group["changed"] for group in groups):
            yield groups_table(title, groups)
    if moved := [each for each in view["matrix"] if each["decision_ids"]]:
        yield samples_table(moved)
    yield from notes(view)


def matrix_table(cells: Sequence[Json]) -> Table:
    """From what was decided, in rows, to what would be, in columns."""
    table = Table(title="decided then ↓, by the candidate →", title_justify="left", title_style="", header_style="bold")
    table.add_column("")
    for action in ACTIONS:
        table.add_column(Text(action, style=ACTION_STYLES[action]), justify="right")
    counts = {(each["from"], each["to"]): each["count"] for each in cells}
    for before in ACTIONS:
        row = [matrix_cell(counts.get((before, after), 0), same=before == after) for after in ACTIONS]
        table.add_row(action_cell(before), *row)
    return table


def matrix_cell(count: int, *, same: bool) -> Text:
    """A count; what changes stands out."""
    return cell(f"{count:,}" if count else "·", "dim" if same or not count else "bold yellow")


def rules_table(rules: Iterable[Json]) -> Table:
    """One row a rule that fired on another number of decisions."""
    table = table_of("Rule", "Fired then", "Would fire", "Changes it made", "Changes it makes", whole=("Rule",))
    for rule in rules:
        name = f"{rule['rule']} (gone)" if rule["removed"] else rule["rule"]
        counts = ("fired_before", "fired_after", "decided_changes", "decides_changes")
        table.add_row(cell(name), *(cell(f"{rule[each]:,}") for each in counts))
    return table


def groups_table(title: str, groups: Iterable[Json]) -> Table:
    """One row a label or a tenant."""
    table = table_of(title, "Decisions", "Would change", "How")
    for group in groups:
        counts = (cell(f"{group[each]:,}") for each in ("replayed", "changed"))
        table.add_row(cell(group["name"]), *counts, cell("\n".join(moves(group["matrix"]))))
    return table


def moves(cells: Iterable[Json]) -> Iterator[str]:
    """What changes, one line each."""
    for each in cells:
        if each["from"] != each["to"]:
            yield f"{each['from']} → {each['to']}: {each['count']:,}"


def samples_table(cells: Iterable[Json]) -> Table:
    """Decisions to look at, for each change; `countersign log show ID` shows them."""
    table = table_of("Change", "Among them", whole=("Change",))
    for each in cells:
        change = action_cell(each["from"]) + cell(" → ") + action_cell(each["to"])
        table.add_row(change, cell("\n".join(each["decision_ids"])))
    return table


def notes(view: Json) -> Iterator[str]:
    """What was left out, and why."""
    if view["refused"]:
        yield f"{view['refused']:,} more were refused media, on which nothing was decided"
    if view["not_replayable"]:
        lacking = ", ".join(f"{name} ({count:,})" for name, count in view["missing_signals"].items())
        yield f"{view['not_replayable']:,} could not be decided again: these signals were not recorded then: {lacking}"
    yield f"every decision was looked at, in {view['seconds']:.1f} s; nothing is an estimate"
