"""What belongs to one decision: later entries about it, earlier ones it names, plaintext, evidence and documents.

Reads one snapshot, so that the parts fit together while the log grows. This module does not know files or proofs.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, bindparam, select

from core.errors import IntegrityError, LimitExceeded
from countersign.verify.case.fields import table, tables, text, whole
from countersign.verify.case.layout import MAX_EVENTS
from countersign.verify.case.setting import expected_documents
from server.audit.bundle.removals import removals_of
from server.audit.entries.entry import OPERATOR, Blob, Recorded
from server.audit.operations.configure import request_id_of
from server.audit.reading import queries
from server.audit.sql.documents import Document, document_of
from server.audit.sql.tables import evidence

_EVIDENCE = select(evidence.c.digest, evidence.c.mime, evidence.c.data).where(
    evidence.c.tenant == bindparam("of"), evidence.c.log_index == bindparam("index")
)


@dataclass(frozen=True, slots=True)
class Gathered:
    """All of one decision. history: in the order of the log. removals: erasures and retentions that took from it."""

    decision: Recorded
    history: tuple[Recorded, ...]
    intent: Recorded | None
    configuration: Recorded | None
    removals: tuple[Recorded, ...]
    evidence: tuple[Blob, ...]
    documents: tuple[Document, ...]

    @property
    def entries(self) -> tuple[Recorded, ...]:
        """Every entry."""
        others = [each for each in (self.intent, self.configuration) if each is not None]
        return (self.decision, *self.history, *others, *self.removals)


def gather(connection: Connection, tenant: str, decision_id: str) -> Gathered:
    """NotFound if `tenant` has no decision of that id, LimitExceeded for one with more history than a case names."""
    found = queries.history(connection, tenant, decision_id)
    if len(found.events) > MAX_EVENTS:
        raise LimitExceeded(
            "the history is too long", field="decision_id", limit=str(MAX_EVENTS), found=str(len(found.events))
        )
    content = json.loads(found.decision.leaf)
    intent = _intent(connection, found.decision, content)
    configuration = _configuration(connection, content)
    own = [found.decision, *found.events, *([intent] if intent else [])]
    kept = _evidence(connection, found.decision)
    return Gathered(
        decision=found.decision,
        history=found.events,
        intent=intent,
        configuration=configuration,
        removals=removals_of(connection, tenant, own, found.decision if _lacks(content, kept) else None),
        evidence=kept,
        documents=tuple(_documents(connection, content, configuration)),
    )


def _intent(connection: Connection, decision: Recorded, content: Mapping[str, Any]) -> Recorded | None:
    """What was announced before the work. The decision names it; it has the same request."""
    index = whole(content, "making", "intent_index")
    if index is None:
        return None
    found = queries.find(connection, decision.tenant, decision.request_id, "intent")
    if found is None or found.index != index:
        raise IntegrityError(f"entry {index}, the intent of entry {decision.index}, is missing; run `log fsck`")
    return found


def _configuration(connection: Connection, content: Mapping[str, Any]) -> Recorded | None:
    digest = text(content, "configuration")
    return queries.find(connection, OPERATOR, request_id_of(digest), "configuration") if digest else None


def _evidence(connection: Connection, decision: Recorded) -> tuple[Blob, ...]:
    rows = connection.execute(_EVIDENCE, {"of": decision.tenant, "index": decision.index})
    return tuple(sorted((Blob(row.digest, row.mime, row.data) for row in rows), key=lambda blob: blob.digest))


def _lacks(content: Mapping[str, Any], kept: Sequence[Blob]) -> bool:
    """Whether evidence that the leaf names is gone."""
    named = {text(each, "digest") for each in tables(content, "facets", "evidence")}
    return not named <= {blob.digest for blob in kept}


def _documents(
    connection: Connection, content: Mapping[str, Any], configuration: Recorded | None
) -> Iterator[Document]:
    """Policy, cards and trust list, as far as they were kept: releases before this one kept none."""
    named = json.loads(configuration.leaf) if configuration else {}
    for digest in expected_documents(content, table(named, "configuration")):
        if (document := document_of(connection, digest)) is not None:
            yield document
