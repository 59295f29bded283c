"""What leaves commit to, and what is left of it: private fields, evidence, and the tombstones of what was erased.

Something may be missing only where an erasure's tombstone says so, or an entry of retention permits it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Row

from countersign.verify.commitments import Disclosure, opens, read_disclosures, write_disclosures
from countersign.verify.errors import VerificationError
from server.audit.checks.bundle import Bundle
from server.audit.checks.durable import check_durable, durable_outside
from server.audit.checks.lookups import absent
from server.audit.checks.permissions import Permissions
from server.audit.checks.raw import index_of, raw, rows_between
from server.audit.checks.report import Findings
from server.audit.entries.durable import DURABLE
from server.audit.entries.leaf import Leaf
from server.audit.operations.retain import EVIDENCE, PRIVATE
from server.audit.sql.tables import erased, evidence, private

_EVIDENCE_KEY = (evidence.c.tenant, evidence.c.digest, evidence.c.log_index)


@dataclass(frozen=True, slots=True)
class Missing:
    """What an entry lacks: names of private fields, digests of evidence."""

    fields: Sequence[str]
    blobs: Sequence[str]


def check_plaintext(
    connection: Connection, bundle: Bundle, permissions: Permissions, findings: Findings
) -> dict[int, str]:
    """One piece of the log. The subjects that are still disclosed, by index: these entries are found by them."""
    disclosed = _check_private(connection, bundle, findings)
    lacking = _lacking_evidence(connection, bundle)
    stones = {row.log_index for row in rows_between(connection, erased, bundle.start, bundle.stop, findings)}
    for index, leaf in bundle.leaves.items():
        fields = [name for name in leaf.private if name not in disclosed.get(index, {})]
        _account(index, leaf, Missing(fields, lacking.get(index, ())), index in stones, permissions, findings)
    signed = {index: each[DURABLE].value for index, each in disclosed.items() if DURABLE in each}
    check_durable(connection, bundle, signed, findings)
    return {index: str(each["subject"].value) for index, each in disclosed.items() if "subject" in each}


def plaintext_outside(connection: Connection, size: int, findings: Findings) -> None:
    """Plaintext and tombstones of entries that are none."""
    for table in (private, erased):
        at = table.c.log_index
        statement = raw(table, "log_index").where((at < 0) | (at >= size)).order_by(at).limit(1)
        first = connection.execute(statement).first()
        if first is not None:
            findings.add("order", index_of(first.log_index), f"{table.name} has rows outside the log")
    durable_outside(connection, size, findings)


def _account(
    index: int, leaf: Leaf, missing: Missing, has_stone: bool, permissions: Permissions, findings: Findings
) -> None:
    """Every missing thing has a reason, and every tombstone stands for a missing thing."""
    findings.summary.erased += has_stone
    if has_stone:
        if not missing.fields and not missing.blobs:
            findings.add("erasure", index, "the entry was erased, but everything that it commits to is there")
        return
    allowed = {
        PRIVATE: not missing.fields or permissions.cover(index, leaf, PRIVATE),
        EVIDENCE: not missing.blobs or permissions.cover(index, leaf, EVIDENCE),
    }
    if not allowed[PRIVATE]:
        names = ", ".join(missing.fields)
        findings.add("private", index, f"{names} is missing, and no erasure or retention accounts for it")
    if not allowed[EVIDENCE]:
        names = ", ".join(missing.blobs)
        findings.add("evidence", index, f"evidence {names} is missing, and no erasure or retention accounts for it")
    if all(allowed.values()) and (missing.fields or missing.blobs):
        findings.summary.expired += 1


def _check_private(connection: Connection, bundle: Bundle, findings: Findings) -> dict[int, Mapping[str, Disclosure]]:
    found: dict[int, Mapping[str, Disclosure]] = {}
    for row in rows_between(connection, private, bundle.start, bundle.stop, findings):
        leaf = bundle.leaves.get(row.log_index)
        if leaf is None:  # a finding of its own
            continue
        try:
            found[row.log_index] = _opened(row, leaf)
        except VerificationError as error:
            findings.add("private", row.log_index, str(error))
            # What cannot be read is damaged, not missing.
            found[row.log_index] = dict.fromkeys(leaf.private, Disclosure(b"", ""))
    return {index: each for index, each in found.items() if each}


def _opened(row: Row[Any], leaf: Leaf) -> dict[str, Disclosure]:
    """The disclosures of a row; VerificationError unless it is as the log writes it, and opens what the leaf says."""
    if not isinstance(row.fields, str):
        raise VerificationError("the private fields are not text")
    disclosed = read_disclosures(row.fields)
    if row.tenant != leaf.tenant:
        raise VerificationError("private.tenant is not what the leaf says")
    if not disclosed or write_disclosures(disclosed) != row.fields:
        raise VerificationError("the private fields are not as the log writes them")
    for name, each in disclosed.items():
        if not opens(each, leaf.private.get(name)):
            raise VerificationError(f"the private field {name!r:.40} is not what the leaf commits to")
    return disclosed


def _lacking_evidence(connection: Connection, bundle: Bundle) -> dict[int, list[str]]:
    """Digests by index. Whether a blob is what its digest says is the work of `evidence`."""
    keys = [
        (leaf.tenant, digest, index)
        for index, leaf in bundle.leaves.items()
        for digest in sorted({digest for digest, _ in leaf.facets.evidence})
    ]
    lacking: dict[int, list[str]] = {}
    for _, digest, index in sorted(
        absent(connection, [evidence.c.tenant, evidence.c.digest, evidence.c.log_index], keys)
    ):
        lacking.setdefault(index, []).append(digest)
    return lacking
