"""Checks of what lies beside the entries: opened commitments, evidence, removals, and the views made from all of it."""

from __future__ import annotations

from collections.abc import Mapping

from countersign.verify.canonical import canonical_json
from countersign.verify.case import layout
from countersign.verify.case.account import Account
from countersign.verify.case.fields import at, table, text
from countersign.verify.case.manifest import digest_of
from countersign.verify.case.removals import (
    EVIDENCE,
    PRIVATE,
    evidence_named,
    missing_evidence,
    missing_fields,
    removal_of,
    took,
)
from countersign.verify.case.summary import summary
from countersign.verify.errors import VerificationError


def disclosures(account: Account) -> str:
    """Every commitment is opened rightly, or was erased."""
    if stray := account.disclosed - {entry.index for entry in account.entries}:
        raise VerificationError(f"something is disclosed of entries that are not in the case: {sorted(stray)}")
    opened, erased = [], []
    for entry in account.entries:
        for name in entry.disclosures:
            if name not in entry.opened:
                raise VerificationError(f"what is disclosed as {name} of entry {entry.index} is not what was recorded")
        opened += list(entry.disclosures)
        for name in missing_fields(entry):
            removal = removal_of(account, entry, PRIVATE)
            if removal is None:
                raise VerificationError(f"WITHHELD: {name} of entry {entry.index} is neither disclosed nor erased")
            erased.append(f"{name} of entry {entry.index}, by entry {removal.index}")
    if not opened and not erased:
        return "the entries commit to nothing"
    return f"opened: {len(opened)}; ERASED: {'; '.join(erased) or 'none'}"


def removals(account: Account) -> str:
    """Every removal in the case took something away that the case has to do without."""
    for removal in account.removals:
        if not any(took(removal, entry, what) for entry in account.entries for what in (EVIDENCE, PRIVATE)):
            raise VerificationError(f"{removal.file} has nothing to do with this decision")
    return f"{len(account.removals)} removals concern this decision" if account.removals else "none"


def evidence(account: Account, files: Mapping[str, bytes]) -> str:
    """Every picture and text that the decision names is there as it was, or was removed; and there is no other."""
    named = evidence_named(account)
    for digest, data in account.evidence.items():
        if digest not in named:
            raise VerificationError(f"the decision names no evidence {digest}")
        if digest_of(data) != digest:
            raise VerificationError(f"the evidence {digest} was changed")
        if layout.evidence_file(digest, named[digest]) not in files:
            raise VerificationError(f"the evidence {digest} is not called by its type {named[digest]}")
    gone = missing_evidence(account)
    removal = removal_of(account, account.decision, EVIDENCE)
    if gone and removal is None:
        raise VerificationError(f"WITHHELD: the evidence {gone[0]} is neither in the case nor erased")
    if gone and removal is not None:
        return f"{len(account.evidence)} of {len(named)} are there; REMOVED by entry {removal.index}: {', '.join(gone)}"
    return f"all {len(named)} are there, unchanged" if named else "the decision names none"


def credential_view(account: Account) -> bytes | None:
    """The credential as recorded, with what opens its erasable part; None for a decision without one."""
    found = at(account.decision.content, "credential")
    if found is None:
        return None
    return canonical_json({**table(found), **table(account.decision.opened, "credential")})


def credential(account: Account, files: Mapping[str, bytes]) -> str:
    """The file with the credential says what the entry says."""
    if files.get(layout.CREDENTIAL) != credential_view(account):
        raise VerificationError(f"{layout.CREDENTIAL} is not what the decision says")
    return f"as recorded: {text(account.decision.content, 'credential', 'state') or 'not examined'}"


def told(account: Account, files: Mapping[str, bytes]) -> str:
    """The summary is what anybody makes of the verified content, byte for byte."""
    if files.get(layout.SUMMARY) != summary(account):
        raise VerificationError(f"{layout.SUMMARY} does not tell what the entries say: it was changed or left out")
    return "it tells what the entries say, byte for byte"
