"""What the log acknowledged, to whomever: the memory that every answer is held against.

17 bytes for each entry, some hundred for each review, appeal and erasure, and the particulars of a bounded sample,
evenly drawn from the whole run, so that a run of days is held against its first hour too. This module knows nothing
about the log but what it acknowledged.
"""

from __future__ import annotations

import random
from collections import Counter, OrderedDict

from server.audit.hammer.findings import Findings
from server.audit.hammer.latency import Latency
from server.audit.hammer.messages import Acknowledged
from server.audit.hammer.places import DIGEST_BYTES, Places

_SAMPLE = 20_000
_REQUESTS = 200_000


class Ledger:
    """findings: where contradictions go. kinds: entries acknowledged, by kind. latency: of what was new.

    places: every entry by its index; digests are the beginning of the SHA-256 of the leaf.
    """

    def __init__(self, findings: Findings) -> None:
        self.kinds: Counter[str] = Counter()
        self.latency = Latency()
        self.places = Places()
        self._findings = findings
        self._sample: list[Acknowledged] = []
        self._events: dict[str, set[int]] = {}
        self._erased: dict[tuple[str, str], int] = {}
        self._latest: OrderedDict[tuple[str, str, str], int] = OrderedDict()
        self._chance = random.Random(6962)  # noqa: S311 - a sample, not a secret

    @property
    def entries(self) -> int:
        """Entries acknowledged, each counted once."""
        return self.kinds.total()

    def add(self, message: Acknowledged) -> None:
        """Take in one acknowledgement, and hold it against all earlier ones."""
        self._check_request(message)
        digest, earlier = bytes.fromhex(message.leaf)[:DIGEST_BYTES], self.places.digest(message.log_index)
        if earlier is not None:
            same = earlier == digest
            self._findings.check("one index, one entry", same, f"two entries were acknowledged at {message.log_index}")
            return
        self.places.put(message.log_index, digest, message.tenant, message.kind)
        self.kinds[message.kind] += 1
        self.latency.add(message.waited)
        self._keep(message)

    def pick(self, chance: random.Random, kind: str = "") -> Acknowledged | None:
        """Any of the sample, of a kind if one is asked for; None when a few tries find none."""
        for _ in range(20 if self._sample else 0):
            found = chance.choice(self._sample)
            if kind in ("", found.kind):
                return found
        return None

    def within(self, tenant: str, since: int, until: int) -> list[Acknowledged]:
        """Decisions of the sample that were recorded at `since` or after and before `until` (microseconds)."""
        return [
            each
            for each in self._sample
            if each.kind == "decision" and each.tenant == tenant and since <= each.recorded_at < until
        ]

    def events_of(self, decision_id: str) -> frozenset[int]:
        """Indexes of the reviews and appeals of a decision."""
        return frozenset(self._events.get(decision_id, ()))

    def is_erased(self, message: Acknowledged) -> bool:
        """Whether the subject of an entry was erased after the entry was recorded."""
        return self._erased.get((message.tenant, message.subject), -1) > message.log_index

    def _check_request(self, message: Acknowledged) -> None:
        """One request has one entry. Remembered for the latest requests: those are the ones that are sent again."""
        key = (message.tenant, message.request_id, message.kind)
        index = self._latest.setdefault(key, message.log_index)
        detail = f"{message.request_id} was acknowledged at {index} and at {message.log_index}"
        self._findings.check("one request, one entry", index == message.log_index, detail)
        if len(self._latest) > _REQUESTS:
            self._latest.popitem(last=False)

    def _keep(self, message: Acknowledged) -> None:
        if message.kind == "erasure":
            key = (message.tenant, message.about)
            self._erased[key] = max(self._erased.get(key, -1), message.log_index)
        elif message.about:
            self._events.setdefault(message.about, set()).add(message.log_index)
        # Algorithm R (Vitter 1985): every entry is as likely to be in the sample as any other.
        if len(self._sample) < _SAMPLE:
            self._sample.append(message)
        elif (place := self._chance.randrange(self.entries)) < _SAMPLE:
            self._sample[place] = message
