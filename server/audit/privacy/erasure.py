"""Forgetting one person, however much there is of them: as many erasures as it takes, and what lies outside the tables.

Outside lie the signed outputs, which are files, and what a database keeps of deleted rows (`Aftercare`). What nobody
here can reach: backups, replicas, mirrors' tiles (which never held plaintext), and receipts that others hold.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any, Protocol

from sqlalchemy import Connection, bindparam, select

from core.errors import Conflict
from server.audit.entries.entry import Recorded
from server.audit.operations.base import Operation
from server.audit.operations.erase import Erase
from server.audit.privacy.finishing import to_its_end
from server.audit.privacy.subject import holdings_of
from server.audit.sql.tables import entries, erased

_ERASED_BY = (
    select(entries.c.leaf)
    .join(erased, erased.c.log_index == entries.c.log_index)
    .where(erased.c.by_index == bindparam("by"), entries.c.kind == "decision")
)


class Log(Protocol):
    """What an erasure needs of `AuditLog`."""

    async def perform(self, operation: Operation) -> Recorded:
        """Record what the operation comes to."""
        ...

    def reading(self) -> AbstractContextManager[Connection]:
        """A snapshot."""
        ...


@dataclass(frozen=True, slots=True)
class Aftercare:
    """What has to be done beside deleting rows. Both are called on threads of their own, and may be called again for
    what is gone already.

    forget_output: removes the signed file of a digest ("sha256:…"), if it is kept. scrub: makes the database let go of
    the bytes of deleted rows, as far as it can (`scrub.scrubber`).
    """

    forget_output: Callable[[str], None]
    scrub: Callable[[], None]


@dataclass(frozen=True, slots=True)
class Erasure:
    """recorded: the entries of kind "erasure", at least one. count: of entries whose plaintext was deleted."""

    recorded: tuple[Recorded, ...]
    count: int


async def erase_subject(
    log: Log, aftercare: Aftercare, *, tenant: str, actor: str, request_id: str, subject: str
) -> Erasure:
    """Delete what the log of `tenant` holds about `subject`, everything that was recorded before this call.

    Safe to repeat with the same request_id, and to be repeated after a failure: what is done stays done. The further
    entries of a large erasure have the request_id with "/2", "/3", … behind it.
    Conflict if request_id was used for another person, then nothing of this one was erased by it; or before something
    of this one was recorded. InvalidInput as `Erase.prepare`; Unavailable while the log is.
    """
    recorded: list[Recorded] = []
    count, more = 0, True
    while more:
        name = request_id if not recorded else f"{request_id}/{len(recorded) + 1}"
        one = await log.perform(Erase(tenant, actor, name, subject))
        recorded.append(one)
        body = json.loads(one.leaf)
        count, more = count + body["entries"]["count"], body["more"]
    # First what was begun, whoever it was about: a call that fails below is not made again under this request_id.
    await to_its_end(_clean_up, log, aftercare, recorded)
    await to_its_end(_assert_forgotten, log, recorded[-1], subject)
    return Erasure(tuple(recorded), count)


def _assert_forgotten(log: Log, last: Recorded, subject: str) -> None:
    """An erasure that an earlier call recorded may have been about somebody else: the entry does not say about whom.

    Whoever asks MUST NOT take it for done while anything is left of this person, from before it or from since.
    """
    if last.fresh:
        return
    with log.reading() as connection:
        left = holdings_of(connection, last.tenant, subject, most=1).indexes
    if left and left[0] < last.index:
        raise Conflict(f"request_id {last.request_id!r} was used to erase somebody else")
    if left:
        raise Conflict(f"request_id {last.request_id!r} was used before entry {left[0]} was recorded; use another one")


def _clean_up(log: Log, aftercare: Aftercare, recorded: list[Recorded]) -> None:
    for one in recorded:
        with log.reading() as connection:
            leaves = [json.loads(leaf) for leaf in connection.scalars(_ERASED_BY, {"by": one.index})]
        for leaf in leaves:
            for digest in _made(leaf):
                aftercare.forget_output(digest)
    aftercare.scrub()


def _made(leaf: Mapping[str, Any]) -> Iterator[str]:
    """Digests of the files that were made for somebody: an output, its credentials, the pictures that explain it."""
    if leaf["facets"]["direction"] != "outbound" or not leaf["media_digest"]:
        return
    yield leaf["media_digest"]
    if beside := leaf.get("media", {}).get("beside"):
        yield beside
    for companion in leaf.get("making", {}).get("companions", {}).values():
        if "digest" in companion:
            yield companion["digest"]
