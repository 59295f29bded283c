"""What came after a decision: reviews, appeals, and what was erased."""

from __future__ import annotations

from countersign.verify.case.account import Account, Entry
from countersign.verify.case.fields import text
from countersign.verify.case.removals import described, evidence_named, missing_evidence, missing_fields
from countersign.verify.case.state import action_name
from countersign.verify.case.summary import words
from countersign.verify.case.summary.decision import gone, shown, stamp
from countersign.verify.case.summary.html import Html, code, element, items, pairs, stranger

TITLES = {"review": "Review", "appeal": "Appeal"}
NAMES = {
    "actor": "who asked",
    "subject": "whom it is about",
    "credential": "signer and manifest of the credentials",
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


def removals(account: Account) -> Html:
    """What this case lacks, and the entries that took it away."""
    lacking = [
        f"{NAMES.get(name, name)} of entry {each.index}" for each in account.entries for name in missing_fields(each)
    ]
    types = evidence_named(account)
    lacking += [f"evidence ({types[digest]}) {digest}" for digest in missing_evidence(account)]
    if not lacking and not account.removals:
        return Html("")
    by = [
        f"{described(each)}, {words.moment(text(each.content, 'recorded_at'))}, entry {each.index} of the log"
        for each in account.removals
    ]
    return element(
        "section",
        element("h2", "What was erased"),
        element("p", "The log only commits to these. Their plaintext was deleted, and nobody can tell it again:"),
        items([stranger(each) for each in lacking]),
        element("p", "Deleted by:") if by else element("p", "No entry of the log says who deleted them."),
        items([stranger(each) for each in by]),
    )
