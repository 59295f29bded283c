"""Work and records as plain values, for a socket between two processes of one release, and one user.

They are believed as they come: whoever may open the socket may write the database itself. Only their shape is checked,
by `malformed`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, astuple
from typing import Any

from countersign.verify.commitments import Disclosure
from server.audit.entries.durable import Durable
from server.audit.entries.entry import Blob, Draft, Entry, Recorded
from server.audit.entries.leaf import Reference, from_microseconds, to_microseconds
from server.audit.entries.state import ReviewState, State
from server.audit.operations.catalog import read_operation, write_operation
from server.audit.writing.appender import Work

VERSION = 2
"""MUST grow with every change of what is said here: processes of different versions do not work together."""
# As they are; the rest of an entry needs a hand.
_PLAIN = ("kind", "tenant", "actor", "request_id", "request_digest", "action", "direction", "media_digest", "subject")
_NAMES = ("detected", "labels", "codes")
_RECORDED = ("index", "decision_id", "kind", "tenant", "request_id", "request_digest", "leaf", "fresh")


@contextmanager
def malformed() -> Iterator[None]:
    """Values of another shape than expected are a fault of the connection."""
    try:
        yield
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise ConnectionError("the other side sent something else than it should") from error


def write_work(work: Work) -> dict[str, Any]:
    """A draft or an operation."""
    return {"draft": _write_draft(work)} if isinstance(work, Draft) else write_operation(work)


def read_work(value: Mapping[str, Any]) -> Work:
    """The inverse of `write_work`, but for an entry's body and plaintext, which the draft holds already."""
    draft = value.get("draft")
    return read_operation(value) if draft is None else _read_draft(draft)


def write_recorded(recorded: Recorded) -> dict[str, Any]:
    """A record."""
    return {
        **{name: getattr(recorded, name) for name in _RECORDED},
        "recorded_at": to_microseconds(recorded.recorded_at),
        "private": _write_private(recorded.private),
        "state": recorded.state and asdict(recorded.state),
    }


def read_recorded(value: Mapping[str, Any]) -> Recorded:
    """The inverse of `write_recorded`."""
    state = value["state"]
    return Recorded(
        **{name: value[name] for name in _RECORDED},
        recorded_at=from_microseconds(value["recorded_at"]),
        private=_read_private(value["private"]),
        state=State(**{**state, "review": ReviewState(state["review"])}) if state else None,
    )


def _write_draft(draft: Draft) -> dict[str, Any]:
    entry = draft.entry
    return {
        **{name: getattr(entry, name) for name in (*_PLAIN, *_NAMES)},
        "evidence": [(blob.digest, blob.mime, blob.data) for blob in entry.evidence],
        "refers_to": entry.refers_to and (entry.refers_to.decision_id, entry.refers_to.log_index),
        "durable": entry.durable and astuple(entry.durable),
        "decision_id": draft.decision_id,
        "recorded_at": draft.recorded_at,
        "leaf": draft.leaf,
        "private": _write_private(draft.private),
    }


def _read_draft(value: Mapping[str, Any]) -> Draft:
    fields: dict[str, Any] = {name: value[name] for name in _PLAIN}
    fields |= {name: tuple(value[name]) for name in _NAMES}
    entry = Entry(
        **fields,
        body={},
        evidence=tuple(Blob(*each) for each in value["evidence"]),
        refers_to=Reference(*value["refers_to"]) if value["refers_to"] else None,
        durable=_read_durable(value["durable"]) if value["durable"] else None,
    )
    return Draft(
        entry=entry,
        decision_id=value["decision_id"],
        recorded_at=value["recorded_at"],
        leaf=value["leaf"],
        facets=entry.facets,
        private=_read_private(value["private"]),
    )


def _read_durable(value: Sequence[Any]) -> Durable:
    bindings, *rest = value
    return Durable(tuple((kind, each) for kind, each in bindings), *rest)


def _write_private(private: Mapping[str, Disclosure]) -> dict[str, Any]:
    return {name: (each.salt, each.value) for name, each in private.items()}


def _read_private(value: Mapping[str, Any]) -> dict[str, Disclosure]:
    return {name: Disclosure(*each) for name, each in value.items()}
