"""A log's side of the conversation with witnesses, and what can be seen of it."""

from __future__ import annotations

import asyncio
from collections.abc import MutableMapping, Sequence
from typing import Any

from prometheus_client import CollectorRegistry
from structlog.testing import capture_logs

from countersign.verify.note import VerifierKey
from countersign.verify.policy import Trust, find_witnesses
from countersign.verify.trust import TrustedKey
from server.audit import AuditLog
from server.audit.outside.cosigner import Cosigner
from server.audit.outside.watch import Watch
from server.audit.outside.witness import WitnessClient
from server.audit.tree.witnessed import Witnessed, newest_cosigned
from tests.audit.making import VKEY, decision

Lines = Sequence[MutableMapping[str, Any]]


class Outside:
    """A cosigner of `log` with what can be seen of it."""

    def __init__(
        self, log: AuditLog, *witnesses: tuple[str, str], timeout: float = 5.0, interval: float = 0.02
    ) -> None:
        self._log = log
        self.registry = CollectorRegistry()
        clients = [WitnessClient(url, key, timeout=timeout) for url, key in witnesses]
        self.cosigner = Cosigner(log, clients, Watch(self.registry), interval=interval)

    async def round(self) -> Lines:
        """One round; the lines that it left in the logs."""
        with capture_logs() as lines:
            await self.cosigner.round()
        return lines

    def newest(self) -> Witnessed | None:
        with self._log.reading() as connection:
            return newest_cosigned(connection)

    def metric(self, name: str, witness: str) -> float:
        value = self.registry.get_sample_value(name, {"witness": witness})
        if value is None:
            raise KeyError(name)
        return value


async def grow(log: AuditLog, *numbers: int) -> None:
    await asyncio.gather(*(log.append(decision(number)) for number in numbers))


def names(note: str, *keys: str) -> set[str]:
    """Which of the witnesses the verifier finds under a note."""
    trust = Trust((VKEY,), (), keys, quorum=1)
    return {key.name for key in find_witnesses(note, trust, (TrustedKey(VerifierKey.parse(VKEY)),))[1]}
