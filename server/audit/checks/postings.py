"""The inverted index against the leaves: no posting is missing, and there are no others.

Each piece of the log looks for its own postings. That there are no others is then a matter of counting them; only where
there are, they are looked for, which takes about as long again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

from sqlalchemy import Connection, Row, func, select

from server.audit.checks.bundle import Bundle, read_bundle
from server.audit.checks.lookups import absent
from server.audit.checks.raw import index_of, raw
from server.audit.checks.report import Findings
from server.audit.entries.leaf import Leaf
from server.audit.entries.state import ReviewState, State
from server.audit.operations.retain import permitted, retention_term
from server.audit.sql.tables import postings
from server.audit.sql.terms import policy_terms, state_term, subject_terms, terms_of
from server.audit.tree.merkle import WIDTH

_KEY = (postings.c.term, postings.c.recorded_at, postings.c.log_index)
_STEP = 5000


@dataclass(frozen=True, slots=True)
class Belonging:
    """What postings follow from beside the leaves of a piece of the log.

    subjects: those still disclosed, by index. states: of its decisions, after all their events.
    """

    subjects: Mapping[int, str]
    states: Mapping[int, State]


Look: TypeAlias = Callable[[Bundle, Findings], Belonging]


class PostingsCheck:
    """Fed with every bundle, then `finish`. look: finds out what belongs to a bundle once more."""

    def __init__(self, connection: Connection, size: int, look: Look, findings: Findings) -> None:
        self._connection = connection
        self._size = size
        self._look = look
        self._findings = findings
        self._found = 0

    def add(self, bundle: Bundle, belonging: Belonging) -> None:
        """Find the postings of one piece of the log."""
        expected = expected_of(bundle, belonging)
        missing = absent(self._connection, _KEY, list(expected))
        self._found += len(expected) - len(missing)
        for index in sorted({key[2] for key in missing}):
            self._findings.add("index", index, "the entry is not found by everything that it should be found by")

    def finish(self) -> None:
        """Look for postings that no entry asks for, if there are more than were found."""
        surplus = self._connection.execute(select(func.count()).select_from(postings)).scalar_one() - self._found
        if not surplus:
            return
        for row in self._others():
            self._findings.add("index", index_of(row.log_index), "the entry is found by something that it does not say")

    def _others(self) -> Iterator[Row[Any]]:
        place, expected = -1, frozenset[tuple[int, int, int]]()
        statement = raw(postings).order_by(postings.c.log_index).execution_options(yield_per=_STEP)
        with self._connection.execute(statement) as rows:
            for row in rows:
                index = index_of(row.log_index)
                if index is not None and index // WIDTH != place:
                    place = index // WIDTH
                    expected = self._expected_at(place)
                if tuple(row) not in expected:
                    yield row

    def _expected_at(self, place: int) -> frozenset[tuple[int, int, int]]:
        start, stop = max(0, place * WIDTH), min((place + 1) * WIDTH, self._size)
        # What is wrong with these entries was said when they were looked at first.
        said = Findings()
        bundle = read_bundle(self._connection, start, stop, said)
        return frozenset(expected_of(bundle, self._look(bundle, said)))


def expected_of(bundle: Bundle, belonging: Belonging) -> set[tuple[int, int, int]]:
    """The postings of a piece of the log, as rows."""
    return {
        (term, bundle.rows[index].recorded_at, index)
        for index, leaf in bundle.leaves.items()
        for term in _terms(index, leaf, belonging)
    }


def _terms(index: int, leaf: Leaf, belonging: Belonging) -> list[int]:
    subject = belonging.subjects.get(index, "")
    if leaf.kind == "decision":
        state = belonging.states[index].review
        found = terms_of(leaf.tenant, leaf.facets, leaf.media_digest, subject)
        return found if state is ReviewState.NONE else [*found, state_term(leaf.tenant, state)]
    found = [*subject_terms(leaf.tenant, subject), *(retention_term(leaf.tenant, what) for what in permitted(leaf)[1])]
    about = leaf.content.get("policy")
    if leaf.kind == "policy" and isinstance(about, dict) and isinstance(about.get("digest"), str):
        found += policy_terms(leaf.tenant, about["digest"], moves="live" in leaf.content)
    return found
