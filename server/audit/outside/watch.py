"""What operators see of witnesses and timestamps: metrics, and a line in the logs whenever something changes.

Knows no protocol and no table.
"""

from __future__ import annotations

import time
from collections.abc import Callable

import structlog
from prometheus_client import CollectorRegistry, Gauge

TIMESTAMPS = "timestamps"
_NOTHING_YET = "nothing yet"


class Watch:
    """Told of every attempt, from any thread. clock: seconds since 1970.

    Ages count from the latest success, or from the start where there was none yet, so that one rule finds both a
    witness that went away and one that never came.
    """

    def __init__(self, registry: CollectorRegistry, clock: Callable[[], float] = time.time) -> None:
        self._clock = clock
        self._log = structlog.get_logger("countersign.outside")
        self._trouble: dict[str, str] = {}
        self._age = Gauge(
            "countersign_witness_age_seconds", "Since the latest cosignature.", ["witness"], registry=registry
        )
        self._size = Gauge(
            "countersign_witnessed_entries", "Size of the newest cosigned checkpoint.", ["witness"], registry=registry
        )
        self._split = Gauge(
            "countersign_split_view", "1 once a witness saw another history.", ["witness"], registry=registry
        )
        self._stamp = Gauge("countersign_timestamp_age_seconds", "Since the latest timestamp.", registry=registry)

    def expect(self, witness: str) -> None:
        """`witness` is configured."""
        self._split.labels(witness).set(0)
        self._size.labels(witness).set(0)
        self._count(self._age.labels(witness), self._clock())
        self._trouble[witness] = _NOTHING_YET

    def cosigned(self, witness: str, size: int, when: float | None = None) -> None:
        """`witness` vouches for the checkpoint of `size` entries; when: since 1970, now if not told."""
        self._size.labels(witness).set(size)
        self._count(self._age.labels(witness), self._clock() if when is None else when)
        self._recovered(witness, "cosigned", size=size)

    def expect_timestamps(self) -> None:
        """An authority is configured."""
        self._trouble[TIMESTAMPS] = _NOTHING_YET
        self._count(self._stamp, self._clock())

    def stamped(self, size: int, when: float | None = None) -> None:
        """The checkpoint of `size` entries has a timestamp; when: as above."""
        self._count(self._stamp, self._clock() if when is None else when)
        self._recovered(TIMESTAMPS, "timestamped", size=size)

    def trouble(self, who: str, why: str) -> None:
        """An attempt came to nothing. The same trouble is told once."""
        if self._trouble.get(who) != why:
            self._trouble[who] = why
            self._log.warning("not witnessed" if who != TIMESTAMPS else "not timestamped", who=who, why=why)

    def split_view(self, witness: str, checkpoint: str, why: str) -> None:
        """`witness` saw another history under the log's key: told every time, and the metric stays until a restart."""
        self._split.labels(witness).set(1)
        self._trouble[witness] = why
        self._log.error("split_view", witness=witness, why=why, checkpoint=checkpoint)

    def defect(self, who: str) -> None:
        """Something raised that should not have; call it from the handler."""
        self._trouble[who] = "defect"
        self._log.exception("defect", who=who)

    def _recovered(self, who: str, word: str, *, size: int) -> None:
        if self._trouble.pop(who, None) is not None:  # the first success, or the first again
            self._log.info(word, who=who, size=size)

    def _count(self, gauge: Gauge, since: float) -> None:
        gauge.set_function(lambda: max(0.0, self._clock() - since))
