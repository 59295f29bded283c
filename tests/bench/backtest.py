"""How fast a candidate is replayed over a log, what that costs in memory, and where the time goes.

The log is made by the real recorder, of findings that a seed draws: scores all differ, as they do in life, so that
equal subjects are as rare as a policy makes them.
"""

from __future__ import annotations

import asyncio
import random
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson
import psutil
from rich.console import Console
from rich.table import Table

from policies.engine import RulePolicy, load_policy
from policies.files import DEFAULT_PACK, read_text
from server.audit import AuditLog
from server.audit.sql import schema
from server.audit.sql.tables import entries
from server.policy.backtest import Backtests, Result, Wanted
from server.policy.backtest.replay import Again, Replay
from server.policy.backtest.tally import Tally
from server.sources import all_sources
from tests.audit.making import ORIGIN, SIGNER
from tests.server.policy.logged import MOMENT, Drawer, log_all

BATCH = 2000
SOURCES = all_sources()
RULE = """
  - id: limit-{number:03d}
    title: One limit of many
    when: {when}
    action: review
    code: limit
    text: "Limit {number}."
    when_missing: skip
    skip_reason: It is a measurement.
"""


def raised() -> RulePolicy:
    """The shipped policy with a limit on the score of copied regions."""
    text = read_text(DEFAULT_PACK)
    assert "when: copy_move.detected" in text
    return load_policy(text.replace("when: copy_move.detected", "when: copy_move.score > 12.0"), "raised", SOURCES)


def many(count: int, computing: bool) -> RulePolicy:
    """Rules over all signals. computing: they do sums with scores, so that hardly two subjects are of one class."""
    whens = [
        f"copy_move.score > {number / 5:.1f} && metadata.detected"
        if number % 2
        else f"jpeg_history.score * {1 + computing * number}.0 > {number * 3}.5 || credential.state == 'invalid'"
        if computing
        else f"jpeg_history.score > {number / 7:.2f} || credential.state == 'invalid'"
        for number in range(count)
    ]
    rules = "".join(RULE.format(number=number, when=orjson.dumps(when).decode()) for number, when in enumerate(whens))
    return load_policy(f'id: many\nversion: "1"\ndescription: Many rules.\nrules:{rules}', "many", SOURCES)


@dataclass(frozen=True)
class Measured:
    """seconds: of the processor, and by the clock. grown: MiB of resident memory while it ran."""

    result: Result
    seconds: float
    clock: float
    grown: float


async def make_log(log: AuditLog, count: int, console: Console) -> None:
    """Records decisions by the shipped policy."""
    policy = load_policy(read_text(DEFAULT_PACK), "default", SOURCES)
    drawer = Drawer(random.Random(1), SOURCES, sizes=1000)
    started = time.perf_counter()
    for first in range(0, count, BATCH):
        seen = [drawer.subject(number) for number in range(first, min(first + BATCH, count))]
        await log_all(log, policy, seen, first)
    console.print(f"made a log of {count:,} decisions in {time.perf_counter() - started:.0f} s")


async def backtest(log: AuditLog, policy: RulePolicy) -> Measured:
    process = psutil.Process()
    before, peak = process.memory_info().rss, 0
    started, clock = time.process_time(), time.perf_counter()
    results = []
    async for part in Backtests(log, SOURCES).run(policy, Wanted(("acme",)), reader="acme"):
        peak = max(peak, process.memory_info().rss)
        results += [part] if isinstance(part, Result) else []
    (result,) = results
    spent = time.process_time() - started, time.perf_counter() - clock
    return Measured(result, *spent, (peak - before) / 2**20)


def tally_all(tally: Tally, leaves: Sequence[Mapping[str, Any]], again: Sequence[Again]) -> None:
    """Counts them."""
    for leaf, each in zip(leaves, again, strict=True):
        tally.add(leaf, each)


def shares(log: AuditLog, policy: RulePolicy) -> dict[str, float]:
    """Microseconds of the processor that each step takes for a decision, over the first 2,000."""
    with log.reading() as connection:
        statement = entries.select().where(entries.c.kind == "decision").limit(BATCH)
        started = time.process_time()
        rows = [row.leaf for row in connection.execute(statement)]
        found = {"reading rows": time.process_time() - started}
    leaves = [orjson.loads(row) for row in rows]
    replay = Replay(policy, SOURCES)
    subjects = [replay.leaves.subject(leaf, MOMENT) for leaf in leaves]
    again = [replay.decide(leaf, MOMENT) for leaf in leaves]
    tally = Tally(5)
    steps: dict[str, Callable[[], object]] = {
        "JSON (orjson)": lambda: [len(orjson.loads(row)) for row in rows],
        "class": lambda: [replay.classes.of(leaf, MOMENT) for leaf in leaves],
        "tally": lambda: tally_all(tally, leaves, again),
        "decide, once a class": lambda: [policy.decide(subject) for subject in subjects],
    }
    for name, step in steps.items():
        started = time.process_time()
        step()
        found[name] = time.process_time() - started
    return {name: seconds / len(rows) * 1e6 for name, seconds in found.items()}


async def measure(console: Console, counts: list[int]) -> None:
    policies = {
        "shipped policy, a limit on a score": raised(),
        "200 rules that compare": many(200, computing=False),
        "200 rules that compute": many(200, computing=True),
    }
    for count in counts:
        with tempfile.TemporaryDirectory() as folder:
            url = f"sqlite:///{Path(folder) / 'log.db'}"
            schema.upgrade(url)
            log = await AuditLog.open(url, SIGNER, ORIGIN)
            try:
                await make_log(log, count, console)
                table = Table(title=f"Backtest of {count:,} decisions, SQLite, one thread", title_justify="left")
                for heading in ("candidate", "decisions/s of a core", "s for 10⁶", "by the clock", "changed", "MiB"):
                    table.add_column(heading, justify="left" if heading == "candidate" else "right")
                for name, policy in policies.items():
                    done = await backtest(log, policy)
                    table.add_row(
                        name,
                        f"{count / done.seconds:,.0f}",
                        f"{done.seconds / count * 1e6:.0f}",
                        f"{done.clock / count * 1e6:.0f}",
                        f"{done.result.changed:,}",
                        f"{done.grown:.0f}",
                    )
                console.print(table)
                if count == counts[0]:
                    for name, policy in policies.items():
                        steps = ", ".join(f"{step} {cost:.1f}" for step, cost in shares(log, policy).items())
                        console.print(f"{name}, µs a decision: {steps}")
            finally:
                await log.close()


def main(console: Console, counts: list[int]) -> None:
    """Measures logs of these sizes."""
    asyncio.run(measure(console, counts))
