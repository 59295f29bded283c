"""What several services answer with: a recorded decision, its evidence, its receipt."""

from __future__ import annotations

from countersign.v1 import common_pb2 as pb
from server import convert, record
from server.audit import AuditLog, Recorded


class Answers:
    """Reads answers out of the log."""

    def __init__(self, log: AuditLog) -> None:
        self._log = log

    async def decision(self, recorded: Recorded, *, include_evidence: bool = False) -> pb.Decision:
        """The decision as recorded; with evidence data where asked for and not deleted since."""
        if not include_evidence:
            return convert.decision(recorded)
        digests = {
            each["digest"] for finding in record.decode(recorded).get("findings", []) for each in finding["evidence"]
        }
        found = [await self._log.evidence(recorded.tenant, digest) for digest in sorted(digests)]
        return convert.decision(recorded, {blob.digest: blob.data for blob in found if blob})

    async def receipt(self, recorded: Recorded) -> pb.Receipt:
        """The receipt of a decision just recorded."""
        return convert.receipt(await self._log.receipt_for(recorded))
