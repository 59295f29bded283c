"""Checks that the entries of a case belong together: the decision, its reviews and appeals, its intent.

Whether they stand in the log is `receipts`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from countersign.verify.case import layout
from countersign.verify.case.account import Account, Entry
from countersign.verify.case.fields import at, table, text, whole
from countersign.verify.case.state import ACTIONS, State, action_name
from countersign.verify.errors import VerificationError

TIES = ("tenant", "request_id", "request_digest")
"""What an intent and its decision have in common."""


def decision(account: Account, manifest: Mapping[str, Any]) -> str:
    """The entry is the decision that the case is about, and says one thing about its action."""
    content = account.decision.content
    if account.decision.kind != "decision":
        raise VerificationError(f"{layout.RECEIPT} is about an entry of kind {account.decision.kind!r}, not a decision")
    if text(content, "decision_id") != manifest.get("decision_id"):
        raise VerificationError("the case is about another decision than its receipt")
    stated, facet = text(content, "action"), whole(content, "facets", "action")
    if facet is None or stated not in ACTIONS or ACTIONS.index(stated) != facet:
        raise VerificationError("the entry contradicts itself about its action")
    if not stated:
        if not table(content, "refusal"):
            raise VerificationError("the entry neither decides nor refuses")
        return f"the media was refused: {text(content, 'refusal', 'message')}"
    return f"{stated} by the policy {text(content, 'policy', 'id')} on {text(content, 'media_digest')}"


def history(account: Account) -> str:
    """Each later entry refers to this decision, and names the one before it and what held then.

    So none can be left out of the middle, and none added. What is left out at the end, nobody can tell offline.
    """
    last, states = account.decision, account.states
    for event, before in zip(account.history, states, strict=False):
        _event(event, account.decision, last, before)
        last = event
    count = len(account.history)
    if not count:
        return "no review and no appeal, as of this case; the log may hold later ones"
    return f"{count} later entries, each names the one before it; the log may hold more after entry {last.index}"


def _event(event: Entry, decided: Entry, last: Entry, before: State) -> None:
    content, name = event.content, event.file
    if event.kind not in ("review", "appeal"):
        raise VerificationError(f"{name} is about an entry of kind {event.kind!r}")
    own = {"decision_id": text(decided.content, "decision_id"), "log_index": decided.index}
    if table(content, "refers_to") != own or text(content, "tenant") != text(decided.content, "tenant"):
        raise VerificationError(f"{name} does not refer to this decision")
    if event.index <= last.index:
        raise VerificationError(f"{name} does not come after {last.file}: the history is out of order")
    seen = whole(content, "before", "last_index")
    if seen != last.index:
        raise VerificationError(f"{name} comes after entry {seen}, which is not in the case: the history has a gap")
    if table(content, "before") != {"action": before.action, "review": before.review, "last_index": last.index}:
        raise VerificationError(f"{name} tells of another state before it than the one that led to it")


def state(account: Account, manifest: Mapping[str, Any]) -> str:
    """The state is the fold of the history, whatever the case says."""
    now = account.states[-1]
    if at(manifest, "state") != now.as_json():
        raise VerificationError(f"the case states {manifest.get('state')!r:.80}, its history comes to {now.as_json()}")
    for event, folded in zip(account.history, account.states[1:], strict=True):
        if event.kind == "review" and text(event.content, "outcome") != folded.review:
            raise VerificationError(f"{event.file} states another outcome than {folded.review}")
    return f"{action_name(now.action) or 'refused'}, review: {now.review}"


def intent(account: Account) -> str:
    """What was made here was announced before it was made."""
    index = whole(account.decision.content, "making", "intent_index")
    found = account.intent
    if index is None:
        if found is not None:
            raise VerificationError(f"{layout.INTENT} is there, but the decision names no intent")
        return "the decision names none: nothing was made for it"
    if found is None:
        raise VerificationError(f"the decision names entry {index} as its intent, which is not in the case")
    same = all(text(found.content, name) == text(account.decision.content, name) for name in TIES)
    if found.kind != "intent" or found.index != index or not same or index >= account.decision.index:
        raise VerificationError(f"{layout.INTENT} is not the intent of this decision")
    return f"announced in entry {index}, before it was made"
