"""What the callers of one worker share: the log, what was acknowledged to them lately, and how they say so."""

from __future__ import annotations

import asyncio
import hashlib
import itertools
import os
import time
from collections import Counter, deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from random import Random

from core.errors import Conflict, IntegrityError, Unavailable
from server.audit.entries.entry import Entry, Recorded
from server.audit.entries.leaf import to_microseconds
from server.audit.hammer.content import TENANTS, decision
from server.audit.hammer.findings import Findings
from server.audit.hammer.messages import Acknowledged, Broken, Checked, Message, Seen, write
from server.audit.hammer.offline import checkpoint_of, receipt_fault
from server.audit.hammer.plan import Orders
from server.audit.log import AuditLog
from server.audit.operations import Operation

_REMEMBERED = 2000
_ENTRIES_OF_A_PERSON = 40
_RECEIPTS = 1 / 8
_OUTPUT = 1
_LONGEST_PAUSE = 0.2


@dataclass(frozen=True, slots=True)
class Kept:
    """A decision that was acknowledged to this worker, and what it was made from."""

    recorded: Recorded
    entry: Entry


class Shift:
    """One worker at work. vkey: the log's verifier key. stopped: nothing new is begun. kept: what to act on again."""

    def __init__(self, log: AuditLog, orders: Orders, vkey: str) -> None:
        self.log = log
        self.orders = orders
        self.stopped = asyncio.Event()
        self.findings = Findings()
        self.kept: deque[Kept] = deque(maxlen=_REMEMBERED)
        self._vkey = vkey
        self._numbers = itertools.count(orders.start)
        self._names = itertools.count()

    def numbered(self) -> tuple[int, Entry]:
        """The worker's next decision. A later worker with its number makes the same one of the same number."""
        number = next(self._numbers)
        prefix = f"{self.orders.run}-{self.orders.worker}"
        person = f"person-{prefix}-{number // _ENTRIES_OF_A_PERSON}"
        return number, decision(TENANTS[number % len(TENANTS)], f"{prefix}-{number}", person)

    def name(self) -> str:
        """A request_id that nobody else uses."""
        return f"{self.orders.run}-{self.orders.worker}.{self.orders.life}-{next(self._names)}"

    async def append(self, entry: Entry, *, number: int = -1) -> Recorded | None:
        """Record `entry`; None for a Conflict, or when the shift ended first. Tried again while it is Unavailable."""
        recorded = await self._persist(lambda: self.log.append(entry), entry.request_digest, number, "")
        if recorded is not None and recorded.kind == "decision":
            self.kept.append(Kept(recorded, entry))
        return recorded

    async def perform(self, operation: Operation, about: str) -> Recorded | None:
        """As `append`. about: see `messages.Acknowledged`."""
        return await self._persist(lambda: self.log.perform(operation), operation.request_digest, -1, about)

    async def _persist(
        self, call: Callable[[], Awaitable[Recorded]], digest: str, number: int, about: str
    ) -> Recorded | None:
        while not self.stopped.is_set():
            started = time.perf_counter()
            try:
                recorded = await call()
            except Unavailable as error:
                self.findings.refused["unavailable"] += 1
                await asyncio.sleep(min(error.retry_after, _LONGEST_PAUSE))
                continue
            except Conflict:
                self.findings.refused["conflict"] += 1
                return None
            except IntegrityError as error:
                self.findings.broken("the log is whole", str(error))
                return None
            waited = int((time.perf_counter() - started) * 1e6)
            say(acknowledged(recorded, waited, number, about))
            same = recorded.request_digest == digest
            self.findings.check("own content", same, f"entry {recorded.index} stands for another request")
            return recorded
        return None

    async def prove(self, recorded: Recorded, chance: Random) -> None:
        """Now and then, ask for the receipt of what was just acknowledged and verify it offline."""
        if chance.random() > _RECEIPTS:
            return
        try:
            parts = await self.log.receipt_for(recorded)
        except Unavailable:
            self.findings.refused["unavailable"] += 1
            return
        fault = receipt_fault(parts, self._vkey)
        self.findings.check("receipt", not fault, f"receipt of entry {recorded.index}: {fault}")
        say(Seen(checkpoint_of(parts)))

    def report(self) -> None:
        """Say what was checked since the last report."""
        say(Checked(dict(self.findings.checks), dict(self.findings.refused)))
        self.findings.checks, self.findings.refused = Counter(), Counter()
        for violation in self.findings.violations:
            say(Broken(violation.what, violation.detail))
        self.findings.violations = []


def acknowledged(recorded: Recorded, waited: int, number: int, about: str) -> Acknowledged:
    """What the log said, in short. The subject is what the log discloses, not what was sent."""
    subject = recorded.private.get("subject")
    return Acknowledged(
        log_index=recorded.index,
        decision_id=recorded.decision_id,
        kind=recorded.kind,
        tenant=recorded.tenant,
        request_id=recorded.request_id,
        leaf=hashlib.sha256(recorded.leaf).hexdigest(),
        recorded_at=to_microseconds(recorded.recorded_at),
        waited=waited,
        fresh=recorded.fresh,
        number=number,
        subject=str(subject.value) if subject else "",
        about=about,
    )


def say(message: Message) -> None:
    """One write a line: it is whole or absent, whenever the process dies. Waits while nobody reads."""
    os.write(_OUTPUT, write(message))
