"""What retention permits to be missing.

The entries of kind "retention" are found by their postings; their leaves, which are checked where they stand, decide.
"""

from __future__ import annotations

from collections import OrderedDict

from sqlalchemy import Connection

from countersign.verify.errors import VerificationError
from server.audit.checks.raw import in_pieces, raw
from server.audit.entries.leaf import Leaf
from server.audit.operations.retain import permitted, retention_term
from server.audit.sql.tables import entries, postings

_KEPT = 256


class Permissions:
    """Remembers the tenants that were asked about last."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._fronts: OrderedDict[tuple[str, str], list[tuple[int, str]]] = OrderedDict()

    def cover(self, index: int, leaf: Leaf, what: str) -> bool:
        """Whether a later entry of the leaf's tenant permits that its evidence, or private fields, are deleted."""
        front = self._front(leaf.tenant, what)
        return any(at > index and cutoff > leaf.recorded_at for at, cutoff in front)

    def _front(self, tenant: str, what: str) -> list[tuple[int, str]]:
        key = (tenant, what)
        if key not in self._fronts:
            self._fronts[key] = self._read(tenant, what)
            if len(self._fronts) > _KEPT:
                self._fronts.popitem(last=False)
        self._fronts.move_to_end(key)
        return self._fronts[key]

    def _read(self, tenant: str, what: str) -> list[tuple[int, str]]:
        """(index, cutoff), without those that another one exceeds in both: mostly one is left, the latest."""
        front: list[tuple[int, str]] = []
        statement = raw(postings, "log_index").add_columns(*raw(entries, "leaf").selected_columns)
        found = statement.join(entries, entries.c.log_index == postings.c.log_index).where(
            postings.c.term == retention_term(tenant, what)
        )
        for rows in in_pieces(self._connection, found, [postings.c.log_index]):
            for row in rows:
                cutoff = _cutoff(row.leaf, tenant, what)
                if cutoff:
                    front = [each for each in front if each[1] > cutoff]
                    front.append((row.log_index, cutoff))
        return front


def _cutoff(data: object, tenant: str, what: str) -> str:
    try:
        leaf = Leaf.parse(data)
    except VerificationError:
        return ""
    cutoff, kinds = permitted(leaf)
    return cutoff if leaf.tenant == tenant and what in kinds else ""
