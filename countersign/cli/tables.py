"""Tables for people, made of the same JSON forms that programs get."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from rich.table import Table
from rich.text import Text

from countersign.cli.text import STATE_STYLES, action_cell, cell

Json = dict[str, Any]


def table_of(*headings: str) -> Table:
    """An empty table."""
    table = Table(header_style="bold")
    for heading in headings:
        table.add_column(heading, overflow="fold")
    return table


def screening_table(screenings: Iterable[Json]) -> Table:
    """One row a file: decision, reasons, credential, place in the log."""
    table = table_of("File", "Decision", "Reasons", "Credential", "Log index")
    for view in screenings:
        if "decision_id" in view:
            table.add_row(
                cell(view["file"]),
                action_cell(view["action"]),
                cell(reasons_text(view["reasons"])),
                state_cell(view["provenance"]),
                cell(view["receipt"]["log_index"]),
            )
        else:
            table.add_row(cell(view["file"]), cell("—", "red"), cell(view["error"]["message"]), cell("—"), cell("—"))
    return table


def decisions_table(decisions: Iterable[Json]) -> Table:
    """One row a recorded decision."""
    table = table_of("Decided at", "Decision id", "Direction", "Decision", "Reasons", "Media")
    for view in decisions:
        table.add_row(
            cell(view["decided_at"] or "—"),
            cell(view["decision_id"]),
            cell(view["direction"]),
            action_cell(view["action"]),
            cell(reasons_text(view["reasons"])),
            cell(view["media_digest"].removeprefix("sha256:")[:16]),
        )
    return table


def findings_table(findings: Sequence[Json]) -> Table:
    """One row a finding."""
    table = table_of("Detector", "Verdict", "Probability", "Codes", "Explanation")
    for finding in findings:
        probability = finding["probability"]
        table.add_row(
            cell(finding["detector"]),
            cell(finding["verdict"]),
            cell("—" if probability is None else f"{probability:.3f}"),
            cell("\n".join(finding["codes"])),
            cell(finding["explanation"]),
        )
    return table


def manifests_table(manifests: Sequence[Json]) -> Table:
    """One row a manifest; the active one is marked."""
    table = table_of("Manifest", "Issuer", "Claim generator", "Actions")
    for manifest in manifests:
        table.add_row(
            cell(manifest["label"] + (" (active)" if manifest["active"] else "")),
            cell(manifest["issuer"]),
            cell(manifest["claim_generator"]),
            cell("\n".join(manifest["actions"])),
        )
    return table


def models_table(models: Iterable[Json]) -> Table:
    """One row a model."""
    table = table_of("Name", "Role", "Task", "Version", "Licence", "Summary")
    for model in models:
        table.add_row(*(cell(model[key]) for key in ("name", "role", "task", "version", "licence", "summary")))
    return table


def reasons_text(reasons: Sequence[Json]) -> str:
    """One line a reason."""
    return "\n".join(reason["text"] or reason["code"] for reason in reasons) or "—"


def state_cell(provenance: Json | None) -> Text:
    """The credential's state in its colour."""
    state = provenance["state"] if provenance else "—"
    return cell(state, STATE_STYLES.get(state, ""))
