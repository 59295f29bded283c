"""Where the media comes from: what its Content Credentials are worth, and how it was made if it was made here."""

from __future__ import annotations

from countersign.verify.case.account import Account, Entry
from countersign.verify.case.fields import at, number, table, text, texts
from countersign.verify.case.summary import words
from countersign.verify.case.summary.decision import gone, people, shown
from countersign.verify.case.summary.html import Html, code, element, items, joined, pairs, stranger

PROMPTS = frozenset({"prompt", "negative_prompt"})
"""What an intent keeps of the words that media was ordered with."""


def credential(entry: Entry) -> Html:
    """What the file's Content Credentials are worth."""
    found = at(entry.content, "credential")
    if found is None:
        return Html("")
    state = text(found, "state")
    private = table(entry.opened, "credential") or found
    hidden = "credential" in entry.commitments and "credential" not in entry.opened
    facts = pairs(
        ("State", joined(code(state), " ", words.CREDENTIALS.get(state, ""))),
        ("Codes", items([code(each) for each in texts(found, "codes")])),
        ("Signed by", stranger(text(private, "issuer"))),
        ("Written by", stranger(text(private, "claim_generator"))),
        ("Manifest", stranger(text(private, "manifest_id"))),
        ("Signer and manifest", gone() if hidden else ""),
        ("Says how it was made", items([stranger(each) for each in texts(found, "digital_source_types")])),
        ("Judged by trust list", code(words.digest(text(found, "trust")))),
    )
    return element("section", element("h2", "Content Credentials (C2PA)"), facts)


def making(account: Account) -> Html:
    """How the media was made, outbound."""
    content = account.decision.content
    found = table(content, "making")
    if not found:
        return Html("")
    index = number(found, "intent_index")
    ordered = [(words.title(name), value) for name, value in people(account.intent) if name in PROMPTS]
    facts = pairs(
        ("Task", stranger(text(content, "context", "task"))),
        ("Model", joined(stranger(text(found, "model")), " ", code(words.digest(text(found, "version"))))),
        ("Seed", shown(at(found, "seed"))),
        ("Settings", stranger(shown(table(found, "parameters")))),
        *ordered,
        ("Made from the file", code(words.digest(text(found, "source", "media_digest")))),
        ("Announced beforehand", f"in entry {index:g} of the log" if index is not None else ""),
    )
    return element("section", element("h2", "How it was made"), facts)
