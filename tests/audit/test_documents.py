from __future__ import annotations

import pytest

from core.errors import IntegrityError
from server.audit import AuditLog, Document
from server.audit.sql.documents import keep
from tests.audit.making import execute

POLICY = Document("application/yaml", "default", b"id: default")


async def test_a_document_is_found_by_its_digest(log: AuditLog) -> None:
    for wanted in ([POLICY, POLICY], [POLICY]):
        with log.writing() as connection:
            keep(connection, wanted)
    assert await log.document(POLICY.digest) == POLICY
    assert await log.document("sha256:" + "0" * 64) is None


async def test_an_altered_document_is_not_handed_out(log: AuditLog, url: str) -> None:
    with log.writing() as connection:
        keep(connection, [POLICY])
    assert execute(url, "UPDATE documents SET data = :data", data=b"id: other") == 1
    with pytest.raises(IntegrityError, match="altered"):
        await log.document(POLICY.digest)
