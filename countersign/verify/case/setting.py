"""Checks of what a decision was made with: the configuration entry, and the texts whose digests it names.

A configuration is the object under "configuration" in an entry of kind "configuration", recorded by the operator:
    {"policy": {"id", "digest"}, "models": [{"role", "name", "version", "card"}], "trust": digest, "release": str}
A decision names it by the digest of its canonical JSON.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from countersign.verify.canonical import canonical_json
from countersign.verify.case import layout
from countersign.verify.case.account import Account, Entry
from countersign.verify.case.fields import table, tables, text
from countersign.verify.case.manifest import digest_of
from countersign.verify.errors import VerificationError

OPERATOR = ".operator"
POLICY_TYPE = "application/yaml"
CARD_TYPE = "text/markdown"
TRUST_TYPE = "text/plain"
UNBOUND = "NOT BOUND: the decision names no configuration, because its release recorded none"


def digest_of_configuration(content: Mapping[str, Any]) -> str:
    """By which decisions name a configuration."""
    return digest_of(canonical_json(content))


def expected_documents(decided: Mapping[str, Any], named: Mapping[str, Any]) -> dict[str, str]:
    """The documents that a case must hold: media type by digest. A digest of nothing, "", is left out.

    decided: the decision's leaf. named: its configuration.
    """
    found = {text(model, "card"): CARD_TYPE for model in tables(named, "models")}
    found[text(named, "trust")] = TRUST_TYPE
    found[text(decided, "policy", "digest")] = POLICY_TYPE
    return {digest: mime for digest, mime in found.items() if digest}


def configuration(account: Account) -> str:
    """The decision was made under the configuration in the case, which stood in the log before it."""
    named, entry = text(account.decision.content, "configuration"), account.configuration
    if not named:
        if entry is not None:
            raise VerificationError(f"{layout.CONFIGURATION} is there, but the decision names no configuration")
        return UNBOUND
    if entry is None:
        raise VerificationError(f"the decision names the configuration {named}, which is not in the case")
    _check_entry(entry, account.decision, named)
    release = text(entry.content, "configuration", "release")
    return f"entry {entry.index}, recorded before the decision by release {release}"


def _check_entry(entry: Entry, decided: Entry, named: str) -> None:
    if entry.kind != "configuration" or text(entry.content, "tenant") != OPERATOR:
        raise VerificationError(f"{layout.CONFIGURATION} is no configuration by the operator")
    if digest_of_configuration(table(entry.content, "configuration")) != named:
        raise VerificationError("the decision was made under another configuration")
    if entry.index >= decided.index:
        raise VerificationError("the configuration was recorded after the decision")


def policy(account: Account) -> str:
    """The text of the policy that decided."""
    digest = text(account.decision.content, "policy", "digest")
    if not digest:
        return "the media was refused before any policy looked at it"
    if account.configuration and text(account.configuration.content, "configuration", "policy", "digest") != digest:
        raise VerificationError("the decision was made by another policy than the configuration names")
    if account.configuration is None and digest not in account.documents:
        return f"NOT IN THE CASE: the text with the digest {digest}, which the log did not keep then"
    _check_document(account, digest, "the policy")
    return f"the text of {text(account.decision.content, 'policy', 'id')} is there, unchanged"


def models(account: Account) -> str:
    """Every model that examined or made something is in the configuration in that version, with its card."""
    if account.configuration is None:
        return UNBOUND
    known = {
        (text(model, "role"), text(model, "name"), text(model, "version")): text(model, "card")
        for model in tables(account.configuration.content, "configuration", "models")
    }
    used = used_models(account.decision.content)
    for role, name, version in used:
        if (role, name, version) not in known:
            raise VerificationError(f"the {role} {name} {version} is not in the configuration")
    for (_, name, _), card in known.items():
        _check_document(account, card, f"the card of {name}")
    return f"{len(used)} took part, each in a version that the configuration names; {len(known)} cards are there"


def used_models(content: Mapping[str, Any]) -> list[tuple[str, str, str]]:
    """(role, name, version) of all that took part in a decision."""
    found = [("detector", text(each, "detector"), text(each, "version")) for each in tables(content, "findings")]
    if made := table(content, "making"):
        found.append(("generator", text(made, "model"), text(made, "version")))
    return found


def trust_list(account: Account) -> str:
    """The list of signers that credentials were judged by."""
    if account.configuration is None:
        return UNBOUND
    digest = text(account.configuration.content, "configuration", "trust")
    judged = text(account.decision.content, "credential", "trust")
    if judged not in ("", digest):
        raise VerificationError("the credential was judged by another trust list than the configuration names")
    _check_document(account, digest, "the trust list")
    return "the list is there, unchanged" + ("" if judged else "; this decision did not use it")


def documents(account: Account, files: Mapping[str, bytes]) -> str:
    """There are no other documents, and each is called by its digest and type."""
    named = table(account.configuration.content, "configuration") if account.configuration else {}
    expected = expected_documents(account.decision.content, named)
    for digest in account.documents:
        if digest not in expected or layout.document_file(digest, expected[digest]) not in files:
            raise VerificationError(f"nothing in the case names the document {digest}")
    return f"{len(account.documents)}, each named by an entry"


def _check_document(account: Account, digest: str, what: str) -> None:
    data = account.documents.get(digest)
    if data is None:
        raise VerificationError(f"{what}, with the digest {digest}, is not in the case")
    if digest_of(data) != digest:
        raise VerificationError(f"{what} was changed: its digest is not {digest}")
