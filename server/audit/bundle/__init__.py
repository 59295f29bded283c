"""Evidence bundles: everything that one decision can be checked by without the log, in a zip (`docs/case.md`).

gathering   what belongs to a decision, from one snapshot of the log
parts       the same as files, with receipts against one checkpoint
"""

from __future__ import annotations

import asyncio

from core.errors import IntegrityError, LimitExceeded
from countersign.verify.case import write_case
from countersign.verify.errors import VerificationError
from server.audit.bundle.gathering import gather
from server.audit.bundle.parts import MOST_BYTES, byte_size, files_of
from server.audit.log import AuditLog

__all__ = ["bundle"]


async def bundle(log: AuditLog, tenant: str, decision_id: str) -> bytes:
    """The case of one decision of `tenant`, as it stands now. The same log gives the same bytes.

    NotFound if `tenant` has no decision of that id, LimitExceeded if what belongs to it is more than a case may hold,
    IntegrityError if the log is damaged there.
    """
    return await asyncio.to_thread(_bundle, log, tenant, decision_id)


def _bundle(log: AuditLog, tenant: str, decision_id: str) -> bytes:
    with log.reading() as connection:
        parts = files_of(connection, gather(connection, tenant, decision_id))
    if byte_size(parts) > MOST_BYTES:
        raise LimitExceeded(
            "the decision has more evidence than a case may hold",
            field="decision_id",
            limit=f"{MOST_BYTES} bytes",
            found=f"{byte_size(parts)} bytes",
        )
    try:
        return write_case(parts)
    except VerificationError as error:
        raise IntegrityError(f"the case of {decision_id} cannot be made: {error}; run `log fsck`") from error
