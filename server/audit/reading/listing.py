"""Lists of decisions, newest first, in pages whose cost does not grow with the log.

One filter drives: its postings are candidates in the order of the list. The others are applied to at most `_WINDOW`
candidates a page, so that a page may come back short, or empty with a token, as AIP-158 allows.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import astuple, dataclass
from typing import Any

from sqlalchemy import Connection, Row, Select, exists, literal, select, tuple_

from core.errors import InvalidInput
from server.audit.entries.entry import Recorded
from server.audit.entries.leaf import to_microseconds
from server.audit.entries.state import ReviewState
from server.audit.reading.matching import Filter, matches
from server.audit.reading.paging import Position, read_token, write_token
from server.audit.sql import terms
from server.audit.sql.rows import read_recorded, select_recorded
from server.audit.sql.tables import entries, postings

DEFAULT_PAGE = 50
MAX_PAGE = 1000
_WINDOW = 4 * MAX_PAGE
_STEP = 500


@dataclass(frozen=True, slots=True)
class Page:
    """items: newest first. next_page_token: empty on the last page."""

    items: tuple[Recorded, ...]
    next_page_token: str


def list_page(connection: Connection, tenant: str, wanted: Filter, page_size: int, page_token: str) -> Page:
    """One page of `tenant`'s decisions. page_size: 0 takes 50, at most 1000.

    InvalidInput for a page size out of range, or a token that is not of this list.
    """
    if not 0 <= page_size <= MAX_PAGE:
        raise InvalidInput("page_size is out of range", field="page_size", limit=str(MAX_PAGE), found=str(page_size))
    count = page_size or DEFAULT_PAGE
    scope = repr((tenant, astuple(wanted)))
    before = read_token(page_token, scope) if page_token else None
    driver, *others = terms_wanted(tenant, wanted)
    # One more than asked for tells whether the page is the last.
    step = count + 1 if not others and not wanted.by_score else max(_STEP, count + 1)
    found: list[Recorded] = []
    for _ in range(0, _WINDOW, step):
        window = candidates(driver, wanted, before).limit(step)
        found += [each for each in _fetch(connection, window, others) if matches(each, tenant, wanted)]
        if len(found) > count:
            return Page(tuple(found[:count]), write_token(_position(found[count - 1]), scope))
        before = _last_of(connection, driver, wanted, before, step)
        if before is None:
            return Page(tuple(found), "")
    return Page(tuple(found), write_token(before, scope) if before else "")


def terms_wanted(tenant: str, wanted: Filter) -> list[int]:
    """The terms that a decision has to have, the most selective first, as far as one can tell beforehand."""
    named = [
        (terms.DIGEST, wanted.media_digest),
        (terms.SUBJECT, wanted.subject),
        (terms.STATE, wanted.state or ""),
        (terms.CODE, wanted.reason_code),
        (terms.DETECTOR, "" if wanted.by_score else wanted.detector),
        (terms.LABEL, "" if wanted.by_score else wanted.label),
        (terms.ACTION, str(wanted.action or "")),
    ]
    if wanted.state is ReviewState.NONE:  # has no postings: almost everything is in it
        del named[2]
    return [terms.term(tenant, name, value) for name, value in named if value] or [terms.term(tenant, terms.ALL)]


def candidates(driver: int, wanted: Filter, before: Position | None) -> Select[Any]:
    """Places that the driving term proposes, in the order of the list."""
    conditions = [postings.c.term == driver]
    if wanted.since is not None:
        conditions.append(postings.c.recorded_at >= to_microseconds(wanted.since))
    if wanted.until is not None:
        conditions.append(postings.c.recorded_at < to_microseconds(wanted.until))
    if before is not None:
        place = tuple_(postings.c.recorded_at, postings.c.log_index)
        conditions.append(place < tuple_(literal(before.recorded_at), literal(before.index)))
    columns = (postings.c.recorded_at, postings.c.log_index)
    return select(*columns).where(*conditions).order_by(*(column.desc() for column in columns))


def _fetch(connection: Connection, window: Select[Any], others: Sequence[int]) -> list[Recorded]:
    """The entries of a window that have the other terms as well."""
    candidate = window.subquery("candidate")
    statement = select_recorded().join(candidate, candidate.c.log_index == entries.c.log_index)
    for term in others:
        other = postings.alias()
        same_place = (other.c.recorded_at == candidate.c.recorded_at) & (other.c.log_index == candidate.c.log_index)
        statement = statement.where(exists().where(other.c.term == term, same_place))
    order = (candidate.c.recorded_at.desc(), candidate.c.log_index.desc())
    rows: Sequence[Row[Any]] = connection.execute(statement.order_by(*order)).all()
    return read_recorded(connection, rows)


def _last_of(
    connection: Connection, driver: int, wanted: Filter, before: Position | None, step: int
) -> Position | None:
    """The last place of a full window; None where the window reached the end of the list."""
    last = connection.execute(candidates(driver, wanted, before).offset(step - 1).limit(1)).one_or_none()
    return None if last is None else Position(last.recorded_at, last.log_index)


def _position(record: Recorded) -> Position:
    return Position(to_microseconds(record.recorded_at), record.index)
