"""One run of the hammer: load from other processes, checks from this one, and at the end everything once more."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Callable
from contextlib import suppress

from core.errors import CountersignError, PreconditionFailed, Unavailable
from countersign.verify.errors import VerificationError
from countersign.verify.note import VerifierKey
from server.audit.fsck import fsck
from server.audit.hammer import checks
from server.audit.hammer.checkpoints import CheckpointRecord
from server.audit.hammer.checks import Check, Inspection
from server.audit.hammer.crew import Crew
from server.audit.hammer.findings import Findings
from server.audit.hammer.ledger import Ledger
from server.audit.hammer.lists import check_list, check_window, follow
from server.audit.hammer.messages import Acknowledged, Broken, Checked, Message, Seen
from server.audit.hammer.opening import open_log
from server.audit.hammer.plan import Plan
from server.audit.hammer.report import Progress, Report
from server.audit.hammer.sweep import check_whole_lists, sweep, sweep_for_ever

CHECKS: tuple[Check, ...] = (
    checks.check_entry,
    checks.check_request,
    checks.check_receipt,
    checks.check_history,
    check_list,
    check_window,
)
# These may take long, and MUST NOT keep the others waiting.
ALONE: tuple[Check, ...] = (checks.check_checkpoints, sweep_for_ever, follow)
_TELL_SECONDS = 0.5
_PAUSE = 0.005
_FINAL_ROUNDS = 25
_NOTES = 50


async def hammer(plan: Plan, tell: Callable[[Progress], None]) -> Report:
    """Load the log of `plan` and check every promise meanwhile. tell: hears how it goes, twice a second.

    Writes, and what it writes stays: for a log of its own. Unavailable if the log cannot be opened.
    """
    # Before the workers: of a new log, one process makes the key.
    key = await _key_of(plan)
    run = _Run(plan, key, tell)
    try:
        await run.crew.start()
        return await run.whole()
    finally:
        run.crew.close()


async def refuse_used_log(plan: Plan) -> None:
    """Raise PreconditionFailed if the log holds anything: what the hammer writes cannot be taken back."""
    opened = await open_log(plan.url, plan.keys, plan.origin)
    try:
        size = (await opened.log.checkpoint()).size
    finally:
        await opened.log.close()
    if size:
        raise PreconditionFailed(f"the log holds {size} entries, and what the hammer writes stays for ever")


class _Run:
    def __init__(self, plan: Plan, key: VerifierKey, tell: Callable[[Progress], None]) -> None:
        self._plan = plan
        self._key = key
        self._tell = tell
        self._findings = Findings()
        self._ledger = Ledger(self._findings)
        self._checkpoints = CheckpointRecord(self._key, self._findings)
        self._started = time.perf_counter()
        self.crew = Crew(plan, self._listen)

    async def whole(self) -> Report:
        """The load, then the final checks. The crew is at work."""
        self._started = time.perf_counter()
        log = (await open_log(self._plan.url, self._plan.keys, self._plan.origin)).log
        try:
            inspection = Inspection(
                log,
                self._ledger,
                self._checkpoints,
                self._findings,
                str(self._key),
                random.Random(self._plan.run),  # noqa: S311
            )
            seconds = await self._load(inspection)
            await self._final(inspection)
            size = (await log.checkpoint()).size
        finally:
            await log.close()
        self._fsck()
        return self._report(seconds, size)

    async def _load(self, inspection: Inspection) -> float:
        """Load and checks side by side; seconds that the load lasted."""
        async with asyncio.TaskGroup() as group:
            # A check that cannot be run is a defect: the group ends with it. It must not pass for a promise kept.
            tasks = [group.create_task(_for_ever(check, inspection)) for check in (check_all, *ALONE)]
            if self._plan.kill:
                tasks.append(group.create_task(self.crew.kill_now_and_then()))
            while self._seconds() < self._plan.seconds and not self.crew.failure():
                await asyncio.sleep(_TELL_SECONDS)
                self._tell(self._progress())
            for task in tasks:
                task.cancel()
        seconds = self._seconds()
        fault = await self.crew.stop()
        self._findings.check("workers", not fault, fault)
        return seconds

    async def _final(self, inspection: Inspection) -> None:
        """Nobody appends any more: everything that was acknowledged, once more."""
        for check in (sweep, check_whole_lists, checks.check_checkpoints, *CHECKS * _FINAL_ROUNDS):
            await attempt(check, inspection)

    def _fsck(self) -> None:
        report = fsck(self._plan.url, str(self._key), self._checkpoints.notes(_NOTES))
        self._findings.check("fsck", report.ok, "; ".join(f"{each.what} {each.detail}" for each in report.damages[:3]))

    def _listen(self, message: Message) -> None:
        match message:
            case Acknowledged():
                self._ledger.add(message)
            case Seen():
                self._checkpoints.add(message.note)
            case Checked():
                self._findings.checks.update(message.checks)
                self._findings.refused.update(message.refused)
            case Broken():
                self._findings.broken(message.what, message.detail)

    def _seconds(self) -> float:
        return time.perf_counter() - self._started

    def _progress(self) -> Progress:
        seconds, entries = self._seconds(), self._ledger.entries
        return Progress(
            seconds=seconds,
            entries=entries,
            rate=entries / seconds,
            p99=self._ledger.latency.percentile(0.99),
            checks=self._findings.checks.total(),
            violations=self._findings.total,
            kills=self.crew.kills,
        )

    def _report(self, seconds: float, size: int) -> Report:
        return Report(
            seconds=seconds,
            size=size,
            entries=dict(self._ledger.kinds),
            rate=self._ledger.entries / seconds,
            p50=self._ledger.latency.percentile(0.5),
            p99=self._ledger.latency.percentile(0.99),
            checks=dict(self._findings.checks),
            refused=dict(self._findings.refused),
            kills=self.crew.kills,
            violations=tuple(self._findings.violations),
            further=self._findings.further,
        )


async def _key_of(plan: Plan) -> VerifierKey:
    opened = await open_log(plan.url, plan.keys, plan.origin)
    await opened.log.close()
    return opened.key


async def check_all(inspection: Inspection) -> None:
    """One round of every check."""
    for check in CHECKS:
        await attempt(check, inspection)


async def attempt(check: Check, inspection: Inspection) -> None:
    """One check. That the log refuses to answer it is a finding too; Unavailable is not."""
    try:
        await check(inspection)
    except Unavailable:
        raise
    except (CountersignError, VerificationError) as error:
        inspection.findings.broken("the log answers", f"{check.__name__}: {error}")


async def _for_ever(check: Check, inspection: Inspection) -> None:
    """One check, round after round; a store that is away is waited for.

    Rests as long as it works, so that the load is not starved by its own inspection.
    """
    while True:
        began = time.perf_counter()
        with suppress(Unavailable):
            await attempt(check, inspection)
        await asyncio.sleep(max(_PAUSE, time.perf_counter() - began))
