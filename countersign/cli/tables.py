"""Tables for people, made of the same JSON forms that programs get."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from rich.table import Table
from rich.text import Text

from countersign.cli.text import STATE_STYLES, action_cell, cell, short
from countersign.views import Json


def table_of(*headings: str, whole: Sequence[str] = ()) -> Table:
    """An empty table. whole: the headings of columns whose lines are never broken."""
    table = Table(header_style="bold")
    for heading in headings:
        table.add_column(heading, overflow="fold", no_wrap=heading in whole)
    return table


def screening_table(screenings: Iterable[Json]) -> Table:
    """One row a file: decision, reasons, what detectors found, credential, place in the log."""
    whole = ("Decision", "Found", "Credential", "Log")
    table = table_of("File", "Decision", "Reasons", "Found", "Credential", "Log", whole=whole)
    for view in screenings:
        if "decision_id" in view:
            table.add_row(
                cell(view["file"]),
                action_cell(view["action"]),
                cell(reasons_text(view["reasons"])),
                cell(found_text(view["findings"])),
                state_cell(view["provenance"]),
                cell(view["receipt"]["log_index"]),
            )
        else:
            table.add_row(cell(view["file"]), cell("—", "red"), cell(view["error"]["message"]), *[cell("—")] * 3)
    return table


def enhancements_table(views: Iterable[Json]) -> Table:
    """One row a file of a batch: where its result is, the decision on it, by which model, and its place in the log."""
    table = table_of("File", "Output", "Decision", "Model", "Log", whole=("Decision", "Log"))
    for view in views:
        if "decision_id" in view:
            model, place = cell(short(view["model"])), cell(view["receipt"]["log_index"])
            table.add_row(cell(view["file"]), cell(view["output"] or "—"), action_cell(view["action"]), model, place)
        else:
            table.add_row(cell(view["file"]), cell(view["error"]["message"]), cell("—", "red"), cell("—"), cell("—"))
    return table


def findings_table(findings: Sequence[Json]) -> Table:
    """One row a finding."""
    table = table_of("Detector", "Verdict", "Probability", "Codes", "Explanation", whole=("Verdict",))
    for finding in findings:
        probability = finding["probability"]
        table.add_row(
            cell(finding["detector"]),
            cell(finding["verdict"] or "—"),
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
    table = table_of("Name", "Role", "Task", "Summary", "Licence, version", whole=("Name", "Role"))
    for model in models:
        origin = f"{model['licence']}\n{short(model['version'])}"
        table.add_row(*(cell(model[key] or "—") for key in ("name", "role", "task", "summary")), cell(origin))
    return table


def found_text(findings: Sequence[Json]) -> str:
    """The detectors that found something, a line each, and how many could not tell."""
    found = [finding["detector"] for finding in findings if finding["verdict"] == "DETECTED"]
    unsure = sum(finding["verdict"] == "ABSTAINED" for finding in findings)
    return "\n".join([*found, *([f"{unsure} of {len(findings)} unsure"] if unsure else [])]) or "—"


def reasons_text(reasons: Sequence[Json]) -> str:
    """One line a reason."""
    return "\n".join(reason["text"] or reason["code"] for reason in reasons) or "—"


def state_cell(provenance: Json | None) -> Text:
    """The credential's state in its colour."""
    state = provenance["state"] if provenance else None
    return cell(state or "—", STATE_STYLES.get(state or "", ""))
