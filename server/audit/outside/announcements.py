"""The entries in which the log itself says that another key is to follow: kind "key", signed by the old key's tree."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Final

from sqlalchemy import Connection

from core.errors import IntegrityError
from core.media import digest_of
from countersign.verify.canonical import canonical_json
from countersign.verify.errors import VerificationError
from server.audit.entries.entry import OPERATOR, Entry
from server.audit.entries.leaf import Leaf
from server.audit.reading import queries
from server.audit.tree.generations import Generation

_KIND: Final = "key"


def missing_announcements(connection: Connection, found: Sequence[Generation]) -> Iterator[str]:
    """For people: which keys took over without an entry of the log, below their size, that names them."""
    for before, each in pairwise(found):
        entry = announcement(each.number, before.vkey, each.vkey)
        try:
            recorded = queries.find(connection, entry.tenant, entry.request_id, entry.kind)
            named = Leaf.parse(recorded.leaf).content.get("key") if recorded else None
        except (IntegrityError, VerificationError) as error:
            yield f"the entry that names generation {each.number} of the log's keys is damaged: {error}"
            continue
        if recorded is None or recorded.index >= each.since_size:
            yield f"generation {each.number} of the log's keys has no entry below {each.since_size} that names it"
        elif named != entry.body["key"]:
            yield f"entry {recorded.index} names other keys than generation {each.number}"


def announcement(number: int, old: str, new: str) -> Entry:
    """The entry in which the log itself says that key `new` is to follow `old` as generation `number`."""
    body = {"key": {"generation": number, "previous": old, "vkey": new}}
    return Entry(
        kind=_KIND,
        tenant=OPERATOR,
        actor=OPERATOR,
        # The key, not the generation: a rotation that was given up leaves its entry behind, and the next one another.
        request_id=f"key {new.split('+', 2)[-1]}",
        request_digest=digest_of(canonical_json(body)),
        body=body,
    )
