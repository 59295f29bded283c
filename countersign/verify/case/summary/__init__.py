"""A case as a page for people: what was decided, why, on which findings, what came after, and how to check all that.

`summary` is a pure function of the account: the verifier makes the page again and compares every byte, so that a page
that tells something else is found. No scripts, no external resources; a content security policy forbids both.
"""

from __future__ import annotations

from countersign.verify.case.account import Account
from countersign.verify.case.summary import afterwards, checking, decision, findings, origin
from countersign.verify.case.summary.html import Html, element, joined
from countersign.verify.case.summary.style import STYLE

__all__ = ["summary"]

SECURITY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'"


def summary(account: Account) -> bytes:
    """The page, UTF-8. Total: whatever the entries hold, it is told or left out."""
    content = account.decision.content
    body = element(
        "main",
        element("header", element("p", "Countersign", class_="brand"), element("h1", "Record of one decision")),
        decision.verdict(account),
        decision.particulars(account.decision),
        decision.refusal(content),
        decision.reasons(content),
        findings.findings(account),
        origin.credential(account.decision),
        origin.making(account),
        afterwards.history(account),
        afterwards.missing(account),
        checking.configuration(account),
        checking.checking(account),
        checking.limits(),
    )
    head = element(
        "head",
        element("meta", charset="utf-8"),
        element("meta", http_equiv="Content-Security-Policy", content=SECURITY),
        element("meta", name="referrer", content="no-referrer"),
        element("meta", name="viewport", content="width=device-width, initial-scale=1"),
        element("title", "Record of one decision"),
        element("style", Html(STYLE)),
    )
    page = joined(Html("<!DOCTYPE html>\n"), element("html", head, element("body", body), lang="en"), Html("\n"))
    return page.encode()
