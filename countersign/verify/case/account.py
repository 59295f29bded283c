"""A case as values: its entries with what opens their commitments, and the files that they name.

Reading believes nothing and verifies nothing but form: whether an account is true is `checks`, how it is told
`summary`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from countersign.verify.canonical import canonical_json, parse_canonical
from countersign.verify.case import layout
from countersign.verify.case.fields import table, text, whole
from countersign.verify.case.state import State, fold
from countersign.verify.checkpoint import Checkpoint, parse_body
from countersign.verify.commitments import Disclosure, opens, read_disclosures
from countersign.verify.encoding import decode_decimal
from countersign.verify.errors import VerificationError
from countersign.verify.membership import Membership, read_memberships
from countersign.verify.note import SignedNote, parse_note


@dataclass(frozen=True, slots=True)
class Entry:
    """An entry of the log. file: the receipt's name in the case. content: the leaf's JSON.

    disclosures: what the case offers to open the leaf's commitments, by field. members: of an erasure, what shows that
    entries are among those that it took from, by their index.
    """

    file: str
    receipt: Mapping[str, Any]
    index: int
    content: Mapping[str, Any]
    disclosures: Mapping[str, Disclosure]
    members: Mapping[int, Membership] = field(default_factory=dict)

    @property
    def kind(self) -> str:
        """One of the kinds of entries: "decision", "intent", "review" and so on."""
        return text(self.content, "kind")

    @property
    def action(self) -> int:
        """What the entry decides: a number of `state.ACTIONS`."""
        return whole(self.content, "facets", "action") or 0

    @property
    def commitments(self) -> Mapping[str, Any]:
        """What the leaf commits to, by field."""
        return table(self.content, "private")

    @property
    def opened(self) -> Mapping[str, Any]:
        """The plaintext of the fields whose commitment is opened rightly."""
        return {
            name: each.value
            for name, each in sorted(self.disclosures.items())
            if name in self.commitments and opens(each, self.commitments[name])
        }


@dataclass(frozen=True, slots=True)
class LogKey:
    """A key of the log. since_size: where it took over. statement: the rotation note, "" for the first."""

    vkey: str
    since_size: int
    statement: str


@dataclass(frozen=True, slots=True)
class Account:
    """What a case tells. history: reviews and appeals. removals: erasures and retentions that took plaintext away.

    note: the checkpoint that every receipt is against. timestamp: RFC 3161 token over it, DER.
    evidence, documents: content by digest. disclosed: the indexes of all entries that something is disclosed of.
    """

    decision: Entry
    history: tuple[Entry, ...]
    intent: Entry | None
    configuration: Entry | None
    removals: tuple[Entry, ...]
    note: str
    log_keys: tuple[LogKey, ...]
    timestamp: bytes | None
    evidence: Mapping[str, bytes]
    documents: Mapping[str, bytes]
    disclosed: frozenset[int]

    @property
    def entries(self) -> tuple[Entry, ...]:
        """Every entry of the case, the decision first."""
        others = (self.intent, self.configuration)
        return (self.decision, *self.history, *(each for each in others if each is not None), *self.removals)

    @property
    def states(self) -> list[State]:
        """The state after the decision and after each entry of its history."""
        return fold(self.decision.action, ((each.kind, each.action) for each in self.history))

    @property
    def signed(self) -> SignedNote:
        """The checkpoint with its signature lines."""
        return parse_note(self.note)

    @property
    def checkpoint(self) -> Checkpoint:
        """The checkpoint, not verified."""
        return parse_body(self.signed.text)


def read_account(files: Mapping[str, bytes]) -> Account:
    """The account in the files of a case; VerificationError for a missing or malformed one."""
    disclosed = _disclosures(files)

    def entry(name: str) -> Entry:
        return _entry(name, files[name], disclosed)

    for name in (layout.RECEIPT, layout.CHECKPOINT, layout.KEYS):
        if name not in files:
            raise VerificationError(f"{name} is missing")
    account = Account(
        decision=entry(layout.RECEIPT),
        history=tuple(entry(name) for name in sorted(files) if layout.role_of(name) == "history"),
        intent=entry(layout.INTENT) if layout.INTENT in files else None,
        configuration=entry(layout.CONFIGURATION) if layout.CONFIGURATION in files else None,
        removals=tuple(
            replace(entry(name), members=_members(files, name))
            for name in sorted(files)
            if layout.role_of(name) == "removal"
        ),
        note=_text(layout.CHECKPOINT, files[layout.CHECKPOINT]),
        log_keys=_log_keys(files[layout.KEYS]),
        timestamp=files.get(layout.TIMESTAMP),
        evidence=_by_digest(files, "evidence"),
        documents=_by_digest(files, "document"),
        disclosed=frozenset(disclosed),
    )
    parse_body(account.signed.text)
    removals = {layout.members_file(each.file) for each in account.removals}
    if stray := [name for name in sorted(files) if layout.role_of(name) == "members" and name not in removals]:
        raise VerificationError(f"{stray[0]} belongs to no removal in the case")
    return account


def _entry(name: str, data: bytes, disclosed: Mapping[int, Mapping[str, Disclosure]]) -> Entry:
    receipt = _object(name, data)
    index, leaf = receipt.get("log_index"), receipt.get("entry")
    if type(index) is not int or not isinstance(leaf, str):
        raise VerificationError(f"{name} is not a receipt")
    return Entry(name, receipt, index, _object(f"the entry of {name}", leaf.encode()), disclosed.get(index, {}))


def _disclosures(files: Mapping[str, bytes]) -> dict[int, Mapping[str, Disclosure]]:
    """Disclosures by the index of their entry. The inverse of `layout.disclosures_file`."""
    found: dict[int, Mapping[str, Disclosure]] = {}
    stored = _object(layout.DISCLOSURES, files[layout.DISCLOSURES]) if layout.DISCLOSURES in files else {}
    for index, fields in stored.items():
        at = decode_decimal(index, f"an index in {layout.DISCLOSURES}")
        found[at] = read_disclosures(canonical_json(fields).decode())
    return found


def _members(files: Mapping[str, bytes], removal: str) -> dict[int, Membership]:
    name = layout.members_file(removal)
    return read_memberships(_parse(name, files[name])) if name in files else {}


def _log_keys(data: bytes) -> tuple[LogKey, ...]:
    keys = _parse(layout.KEYS, data)
    if not isinstance(keys, list) or not keys:
        raise VerificationError(f"{layout.KEYS} is a list of keys")
    found = []
    for key in keys:
        if {name: type(value) for name, value in table(key).items()} != _KEY_FIELDS:
            raise VerificationError(f"a key in {layout.KEYS} has exactly the fields {', '.join(_KEY_FIELDS)}")
        found.append(LogKey(**key))
    return tuple(found)


_KEY_FIELDS = {"vkey": str, "since_size": int, "statement": str}


def _by_digest(files: Mapping[str, bytes], role: str) -> dict[str, bytes]:
    return {layout.digest_in(name): data for name, data in files.items() if layout.role_of(name) == role}


def _text(name: str, data: bytes) -> str:
    try:
        return data.decode()
    except UnicodeDecodeError as error:
        raise VerificationError(f"{name} is not UTF-8") from error


def _object(name: str, data: bytes) -> dict[str, Any]:
    value = _parse(name, data)
    if not isinstance(value, dict):
        raise VerificationError(f"{name} is not a JSON object")
    return value


def _parse(name: str, data: bytes) -> Any:
    try:
        return parse_canonical(data)
    except VerificationError as error:
        raise VerificationError(f"{name}: {error}") from error
