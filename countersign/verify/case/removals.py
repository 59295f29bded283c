"""What a case lacks on purpose: plaintext and evidence that an erasure or a retention took away, and the entry that
says so. What is missing without such an entry was withheld.
"""

from __future__ import annotations

from countersign.verify.case.account import Account, Entry
from countersign.verify.case.fields import tables, text, texts, whole
from countersign.verify.errors import VerificationError
from countersign.verify.membership import verify_membership

EVIDENCE = "evidence"
PRIVATE = "private"


def evidence_named(account: Account) -> dict[str, str]:
    """The evidence that the decision names: media type by digest."""
    found: dict[str, str] = {}
    for each in tables(account.decision.content, "facets", "evidence"):
        # Two detectors may show the same bytes; they are kept once, as the first one calls them.
        found.setdefault(text(each, "digest"), text(each, "mime"))
    return found


def missing_fields(entry: Entry) -> list[str]:
    """Fields that the leaf commits to and nothing in the case opens."""
    return sorted(entry.commitments.keys() - entry.disclosures.keys())


def missing_evidence(account: Account) -> list[str]:
    """Digests of evidence that the decision names and the case lacks."""
    return sorted(evidence_named(account).keys() - account.evidence.keys())


def removal_of(account: Account, entry: Entry, what: str) -> Entry | None:
    """The first erasure or retention in the case that took away `what` (EVIDENCE or PRIVATE) of `entry`."""
    return next((each for each in account.removals if took(each, entry, what)), None)


def took(removal: Entry, entry: Entry, what: str) -> bool:
    """Whether `removal` says that it took `what` of `entry` away. It has to come later, and from the same tenant."""
    if removal.index <= entry.index or text(removal.content, "tenant") != text(entry.content, "tenant"):
        return False
    if removal.kind == "erasure":
        return erased(removal, entry.index)
    if removal.kind == "retention":
        cutoff, recorded = text(removal.content, "cutoff"), text(entry.content, "recorded_at")
        # One spelling for each moment, so that text compares as time does.
        return what in texts(removal.content, "what") and bool(cutoff) and recorded < cutoff
    return False


def erased(removal: Entry, index: int) -> bool:
    """Whether an erasure is shown to have taken from the entry at `index`."""
    found, count = removal.members.get(index), whole(removal.content, "entries", "count")
    if found is None or count is None:
        return False
    try:
        verify_membership(index, found, count, text(removal.content, "entries", "digest"))
    except VerificationError:
        return False
    return True


def described(removal: Entry) -> str:
    """The removal in words."""
    if removal.kind == "erasure":
        return "an erasure of personal data"
    if removal.kind == "retention":
        return f"a rule that nothing recorded before {text(removal.content, 'cutoff')} is kept"
    return removal.kind
