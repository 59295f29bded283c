"""What came after a decision: reviews, appeals, and what is missing."""

from __future__ import annotations

from countersign.verify.case.account import Account, Entry
from countersign.verify.case.fields import text
from countersign.verify.case.removals import (
    EVIDENCE,
    PRIVATE,
    described,
    evidence_named,
    missing_evidence,
    missing_fields,
    removal_of,
)
from countersign.verify.case.state import action_name
from countersign.verify.case.summary import words
from countersign.verify.case.summary.decision import gone, shown, stamp
from countersign.verify.case.summary.html import Html, code, element, items, joined, pairs, stranger

TITLES = {"review": "Review", "appeal": "Appeal"}
NAMES = {
    "actor": "who asked",
    "subject": "whom it is about",
    "credential": "signer and manifest of the credentials",
    "durable": "what the signed file is recognised by",
    "prompt": "the prompt",
    "negative_prompt": "the negative prompt",
    "note": "the reviewer's note",
    "statement": "the appellant's words",
}
"""Private fields as people call them."""
FIELDS = {"actor": "Sent by", "note": "Note", "statement": "In the appellant's words"}
PERSONS = {"review": "Reviewer", "appeal": "Appellant"}
"""Who the subject of an event is."""


def history(account: Account) -> Html:
    """Reviews and appeals, in the order of the log."""
    heading = element("h2", "What happened since")
    if not account.history:
        first = words.STATES[account.states[-1].review]
        return element(
            "section", heading, element("p", first, " That is as of this case; the log may hold more since.")
        )
    events = [event(each, state.review) for each, state in zip(account.history, account.states[1:], strict=True)]
    return element("section", heading, *events)


def event(entry: Entry, outcome: str) -> Html:
    """One review or appeal."""
    opened = entry.opened
    decided = stamp(action_name(entry.action)) if entry.kind == "review" else Html("")
    fields = {**FIELDS, "subject": PERSONS.get(entry.kind, "Person")}
    people = [
        (fields.get(name, words.title(name)), stranger(shown(opened[name])) if name in opened else gone())
        for name in sorted(entry.commitments)
    ]
    return element(
        "article",
        element("h3", TITLES.get(entry.kind, entry.kind), " ", decided),
        pairs(
            ("When", words.moment(text(entry.content, "recorded_at"))),
            ("What it came to", words.OUTCOMES.get(outcome, "")),
            ("Reason code", code(text(entry.content, "reason_code"))),
            *people,
            ("Entry of the log", f"number {entry.index}"),
        ),
    )


def missing(account: Account) -> Html:
    """What this case lacks, and for each the entry that took it away."""
    lines = [
        explained(f"{NAMES.get(name, name)} of entry {entry.index}", removal_of(account, entry, PRIVATE))
        for entry in account.entries
        for name in missing_fields(entry)
    ]
    types, removal = evidence_named(account), removal_of(account, account.decision, EVIDENCE)
    lines += [explained(f"evidence ({types[digest]}) {digest}", removal) for digest in missing_evidence(account)]
    if not lines:
        return Html("")
    return element(
        "section",
        element("h2", "What is missing"),
        element("p", "The log binds these without holding them. Once deleted, nobody can tell them again."),
        items(lines),
    )


def explained(what: str, removal: Entry | None) -> Html:
    """Something that is missing, and why."""
    if removal is None:
        return joined(stranger(what), ": withheld, for no entry of the log explains why it is missing")
    when = words.moment(text(removal.content, "recorded_at"))
    return joined(stranger(what), ": deleted by ", described(removal), f", entry {removal.index} of the log, {when}")
