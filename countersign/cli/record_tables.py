"""Tables of the record, made of the same JSON forms that programs get."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from rich.table import Table
from rich.text import Text

from countersign.cli.tables import reasons_text, state_cell, table_of
from countersign.cli.text import action_cell, cell, short
from countersign.views import Json

UNMOVED = (None, "NONE")
"""States that need no word."""


def decision_table(view: Json) -> Table:
    """One decision, one line a property; what is not there has no line."""
    table = Table(show_header=False)
    refusal = view["refusal"]
    for name, value in (
        ("Decision", standing_cell(view)),
        ("Reasons", refusal["message"] if refusal else reasons_text(view["reasons"])),
        ("Id", view["decision_id"]),
        ("Decided at", view["decided_at"]),
        ("Staff must act by", view["due_at"]),
        ("Direction", view["direction"]),
        ("Media", view["media_digest"]),
        ("Made by", short(view["model"])),
        ("Made of", view["source_digest"]),
        ("Credential", state_cell(view["provenance"])),
        ("Subject", view["subject"]),
        ("Erased", ", ".join(view["erased"])),
        ("Latest entry", str(view["latest_index"])),
        ("Policy", f"{view['policy_id']}\n{view['policy_digest']}".strip()),
    ):
        if value:
            table.add_row(name, value if isinstance(value, Text) else cell(value))
    return table


def decisions_table(decisions: Iterable[Json]) -> Table:
    """One row a recorded decision."""
    table = table_of(
        "Decided at, id", "Direction", "Decision", "Reasons", whole=("Decided at, id", "Direction", "Decision")
    )
    for view in decisions:
        refusal = view["refusal"]
        table.add_row(
            cell(f"{view['decided_at'] or '—'}\n{view['decision_id']}"),
            cell(view["direction"] or "—"),
            standing_cell(view, "\n"),
            cell(refusal["message"] if refusal else reasons_text(view["reasons"])),
        )
    return table


def history_table(events: Sequence[Json]) -> Table:
    """One row a review or an appeal."""
    table = table_of("Recorded at, entry", "What", "Outcome", "Reason", "By", "Text", whole=("What", "Outcome"))
    for event in events:
        table.add_row(
            cell(f"{event['recorded_at'] or '—'}\n{event['log_index']}"),
            cell(event["kind"] or "—"),
            outcome_cell(event),
            cell(event["reason_code"]),
            cell("\n".join(name for name in (event["actor"], event["appellant"]) if name) or "—"),
            cell(event["text"] or ("erased" if event["erased"] else "—")),
        )
    return table


def intents_table(intents: Iterable[Json]) -> Table:
    """One row an intent."""
    table = table_of("Recorded at, id", "Entry", "Task", "Model", "Request", whole=("Recorded at, id", "Entry"))
    for intent in intents:
        table.add_row(
            cell(f"{intent['recorded_at'] or '—'}\n{intent['intent_id']}"),
            cell(intent["log_index"]),
            cell(intent["task"] or "—"),
            cell(short(intent["model"])),
            cell(intent["request_id"]),
        )
    return table


def followed_line(view: Json) -> Text:
    """One decision on one line."""
    why = view["refusal"]["message"] if view["refusal"] else reasons_text(view["reasons"])
    start = cell(f"{view['log_index']}  {view['decided_at'] or '—'}  {view['decision_id']}  ")
    return start + standing_cell(view) + cell("  " + " · ".join(why.splitlines()))


def standing_cell(view: Json, separator: str = " ") -> Text:
    """What the policy decided, and what people made of it since, behind `separator`."""
    text = action_cell(view["action"])
    if view["review_state"] in UNMOVED:
        return text
    if view["current_action"] != view["action"]:
        text = text + cell(" → ") + action_cell(view["current_action"])
    return text + cell(f"{separator}({view['review_state'].lower()})")


def outcome_cell(event: Json) -> Text:
    """What an event came to: a review's action with it."""
    outcome = cell((event["outcome"] or "—").lower())
    return action_cell(event["action"]) + cell(" (") + outcome + cell(")") if event["action"] else outcome
