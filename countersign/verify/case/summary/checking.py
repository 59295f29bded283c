"""The last page of a summary: what the decision was made with, how to check all of it, and what it does not prove."""

from __future__ import annotations

from countersign.verify.case.account import Account
from countersign.verify.case.fields import tables, text
from countersign.verify.case.summary import words
from countersign.verify.case.summary.html import Html, code, element, items, joined, pairs, stranger
from countersign.verify.encoding import encode_base64


def configuration(account: Account) -> Html:
    """Policy, models and trust list, by the entry that named them before the decision."""
    heading = element("h2", "What it was decided with")
    entry = account.configuration
    if entry is None:
        why = (
            "This decision names no configuration: it was made by a release that did not record one. The text of its "
            "policy is bound by digest; cards of models and trust list are not."
        )
        return element("section", heading, element("p", why))
    made = text(entry.content, "configuration", "release")
    models = [
        joined(stranger(text(model, "name")), " ", code(words.digest(text(model, "version"))))
        for model in tables(entry.content, "configuration", "models")
    ]
    facts = pairs(
        ("Release", stranger(made)),
        ("Policy", code(words.digest(text(entry.content, "configuration", "policy", "digest")))),
        ("Trust list", code(words.digest(text(entry.content, "configuration", "trust")))),
        ("Models, each with its card", items(models)),
        ("Entry of the log", f"number {entry.index}, recorded before the decision"),
    )
    return element(
        "section",
        heading,
        facts,
        element("p", "Their texts are in the folder ", code("documents"), ", named by their SHA-256.", class_="quiet"),
    )


def checking(account: Account) -> Html:
    """How a reader who trusts nobody goes about it."""
    checkpoint = account.checkpoint
    signers = [f"{each.name} ({each.key_id.hex()})" for each in account.signed.signatures]
    steps = [
        joined(
            "Do not take this page's word for anything. Install ",
            code("countersign"),
            " and run ",
            code("countersign verify case.zip --log-key KEY"),
            ": it needs no network and no server, checks every line of the record, makes this page again and compares.",
        ),
        joined(
            "KEY is the public key of the log, from a source that you trust and that is not this file: a court file, "
            "a public register, an earlier receipt. This case says that it is the one below; that alone proves nothing."
        ),
        joined(
            "If you have the original file, add ", code("--media FILE"), ": the check tells whether it is that file."
        ),
        "Ask a second party who keeps copies of the log's checkpoints whether theirs agree with this one.",
    ]
    return element(
        "section",
        element("h2", "How to check this"),
        element("ol", *(element("li", step) for step in steps)),
        pairs(
            ("Log", stranger(checkpoint.origin)),
            ("Entries when this was made", str(checkpoint.size)),
            ("Root of its tree", code(encode_base64(checkpoint.root))),
            ("Key of the log", code(text(account.decision.receipt, "log_key"))),
            ("Signatures on the checkpoint", items([stranger(each) for each in signers])),
            ("Time stamp", "RFC 3161, in timestamp.tsr" if account.timestamp else "none"),
        ),
    )


def limits() -> Html:
    """What no proof here can do."""
    lines = [
        "That the decision was right. It proves what was decided, by which rules and on which findings.",
        "That a finding is true. Detectors err, each with the limits that it states; credentials are not the truth.",
        "Who is in a picture, who made it, or who sent it. The record holds what the platform was told.",
        "The time to the second. It is the clock of the recording computer; the order of the log is certain.",
        "That nothing came later. A review or an appeal may have been recorded after this case was made; ask the log.",
        "That the log shows everybody the same. Whoever owns the log's key could keep two versions; signatures of "
        "independent witnesses on the checkpoint rule that out, as far as you trust the witnesses.",
    ]
    return element("section", element("h2", "What this does not prove"), items(lines))
