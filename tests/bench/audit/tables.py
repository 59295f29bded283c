"""What was measured, as tables for people."""

from __future__ import annotations

from collections.abc import Sequence

from rich.table import Table

from tests.bench.audit.growth import Costs
from tests.bench.audit.speed import BARE_BATCH, Measured


def speed_table(name: str, found: Sequence[Measured]) -> Table:
    """Rates beside their limits."""
    headings = (
        "",
        "decisions/s",
        "batch",
        "p50 ms",
        "p99 ms",
        f"bare, batch {BARE_BATCH}",
        "same rows",
        "of bare",
        "of same",
    )
    table = _table(f"Durable decisions through the log, {name}, 1 KB leaves", headings)
    for each in found:
        run = each.run
        batch = f"{run.batch:,.0f}" if run.batch else ""
        table.add_row(
            each.label,
            *(f"{run.rate:,.0f}", batch, f"{run.p50:,.1f}", f"{run.p99:,.1f}"),
            *(f"{each.bare:,.0f}", f"{each.same:,.0f}"),
            *(f"{run.rate / each.bare:.2f}", f"{run.rate / each.same:.2f}"),
        )
    return table


def growth_table(name: str, found: Sequence[Costs]) -> Table:
    """Costs by size, and the largest log's beside the smallest one's."""
    headings = ("entries", "append µs", "receipt µs", "cold", "list ms", "cold", "fsck s", "entries/s", "bytes/entry")
    table = _table(f"What calls cost as the log grows, {name}", headings)
    for each in found:
        table.add_row(
            f"{each.size:,}",
            *(f"{each.append:,.0f}", f"{each.receipt:,.0f}", f"{each.receipt_cold:,.0f}"),
            *(f"{each.listing:,.1f}", f"{each.listing_cold:,.1f}"),
            *(f"{each.fsck:,.1f}", f"{each.size / each.fsck:,.0f}", f"{each.bytes:,.0f}"),
        )
    first, last = found[0], found[-1]
    pairs = [(last.append, first.append), (last.receipt, first.receipt), (last.receipt_cold, first.receipt_cold)]
    pairs += [(last.listing, first.listing), (last.listing_cold, first.listing_cold)]
    table.add_section()
    table.add_row(
        f"× {last.size / first.size:,.0f}", *(f"× {after / before:.2f}" for after, before in pairs), "", "", ""
    )
    return table


def notes() -> str:
    """How to read the tables."""
    return (
        "bare: one table, a number and 1 KB. same rows: all rows of the log by a bare loop, in the log's own batches.\n"
        "append: one entry of 256 in a commit. receipt, list (50 entries): anywhere in the log, medians of calls;\n"
        "pages of the database in memory, or, cold, dropped from every cache before the first of them."
    )


def _table(title: str, headings: Sequence[str]) -> Table:
    table = Table(title=title, title_justify="left")
    for heading in headings:
        table.add_column(heading, justify="right")
    return table
