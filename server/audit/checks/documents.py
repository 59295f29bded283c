"""Documents against the configurations and proposed policies that name them.

What a configuration says: `countersign.verify.case.setting`; a proposal: `server.audit.entries.policy`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from sqlalchemy import Connection

from core.media import digest_of
from countersign.verify.case.setting import CARD_TYPE, POLICY_TYPE, TRUST_TYPE
from server.audit.checks.bundle import Bundle
from server.audit.checks.lookups import absent
from server.audit.checks.raw import UNREADABLE, in_pieces, raw
from server.audit.checks.report import Findings
from server.audit.entries.leaf import Leaf
from server.audit.entries.policy import CASES_TYPE
from server.audit.sql.tables import documents

# One document after the other: a trust list may be large.
_STEP = 1
_TRUST_NAME = "trust list"


class DocumentsCheck:
    """Fed with every bundle, then `finish`. Remembers each document's digest, not its text."""

    def __init__(self, connection: Connection, findings: Findings) -> None:
        self._connection = connection
        self._findings = findings
        # Digest: the first entry that names it, and how documents of that digest are labelled.
        self._named: dict[str, tuple[int, set[tuple[str, str]]]] = {}

    def add(self, bundle: Bundle) -> None:
        """The configurations and policies of one piece of the log: their documents are there."""
        for index, leaf in bundle.leaves.items():
            if leaf.kind not in _NAMING:
                continue
            named = list(_NAMING[leaf.kind](leaf))
            for digest, label in named:
                self._named.setdefault(digest, (index, set()))[1].add(label)
            keys = [(digest,) for digest in sorted({digest for digest, _ in named})]
            for (digest,) in absent(self._connection, [documents.c.digest], keys):
                self._findings.add("document", index, f"the document {digest} is missing")

    def finish(self) -> None:
        """Every document is what it was named as."""
        for rows in in_pieces(self._connection, raw(documents), [documents.c.digest], step=_STEP):
            for row in rows:
                index, labels = self._named.get(row.digest, (None, set()))
                if (row.mime, row.name) not in labels:
                    self._findings.add("document", index, f"the document {row.digest!r:.80} is not labelled as named")
                if _digest(row.data) != row.digest:
                    self._findings.add("document", index, f"the document {row.digest!r:.80} has another digest")


def _digest(data: Any) -> str:
    try:
        return digest_of(data)
    except UNREADABLE:
        return ""


def _named(leaf: Leaf) -> Iterator[tuple[str, tuple[str, str]]]:
    """(digest, (media type, name)) of what a configuration names."""
    content = _table(leaf.content.get("configuration"))
    policy, models = _table(content.get("policy")), content.get("models")
    found = [(policy.get("digest"), POLICY_TYPE, policy.get("id")), (content.get("trust"), TRUST_TYPE, _TRUST_NAME)]
    cards = map(_table, models if isinstance(models, list) else ())
    found += [(card.get("card"), CARD_TYPE, card.get("name")) for card in cards]
    for digest, mime, name in found:
        if isinstance(digest, str) and isinstance(name, str) and digest:
            yield digest, (mime, name)


def _proposed(leaf: Leaf) -> Iterator[tuple[str, tuple[str, str]]]:
    """(digest, (media type, name)) of a policy's text and of its test cases."""
    about = _table(leaf.content.get("policy"))
    for digest, mime in ((about.get("digest"), POLICY_TYPE), (about.get("cases"), CASES_TYPE)):
        if isinstance(digest, str) and digest and isinstance(about.get("id"), str):
            yield digest, (mime, about["id"])


_NAMING: Mapping[str, Callable[[Leaf], Iterator[tuple[str, tuple[str, str]]]]] = {
    "configuration": _named,
    "policy": _proposed,
}


def _table(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}
