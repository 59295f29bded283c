"""Lists of decisions, newest first, in pages whose cost does not grow with the log.

One filter drives: its index yields candidates in the order of the list. The other filters are applied to at most
`_WINDOW` candidates a page, so that a page may come back short, or empty with a token, as AIP-158 allows.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import astuple, dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, exists, literal, select, tuple_

from core.errors import InvalidInput
from server.audit.entry import Recorded, to_microseconds
from server.audit.paging import Position, read_token, write_token
from server.audit.rows import recorded_from, select_recorded
from server.audit.tables import decisions, detections, entries

DEFAULT_PAGE = 50
MAX_PAGE = 1000
_WINDOW = 4 * MAX_PAGE


@dataclass(frozen=True, slots=True)
class Filter:
    """since: recorded at or after. until: recorded before. action: 0 for any. "" for any detector or digest."""

    since: datetime | None = None
    until: datetime | None = None
    action: int = 0
    detector: str = ""
    media_digest: str = ""


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
    chosen, others = candidates(tenant, wanted, before), _other_conditions(wanted)
    window = max(_WINDOW, count + 1) if others else count + 1
    # One more than asked for tells whether the page is the last.
    found = _matches(connection, chosen.limit(window), others, count + 1)
    if len(found) > count:
        following = write_token(_position(found[count - 1]), scope)
    else:
        following = _after_window(connection, chosen, window, scope)
    return Page(tuple(found[:count]), following)


def candidates(tenant: str, wanted: Filter, before: Position | None) -> Select[Any]:
    """Places that the driving filter selects, in the order of the list: by the most selective filter there is."""
    table = detections if wanted.detector and not wanted.media_digest else decisions
    conditions: list[ColumnElement[bool]] = [table.c.tenant == tenant]
    if wanted.media_digest:
        conditions.append(table.c.media_digest == wanted.media_digest)
    elif wanted.detector:
        conditions.append(table.c.detector == wanted.detector)
    elif wanted.action:
        conditions.append(table.c.action == wanted.action)
    if wanted.since is not None:
        conditions.append(table.c.recorded_at >= to_microseconds(wanted.since))
    if wanted.until is not None:
        conditions.append(table.c.recorded_at < to_microseconds(wanted.until))
    if before is not None:
        place = tuple_(table.c.recorded_at, table.c.log_index)
        conditions.append(place < tuple_(literal(before.recorded_at), literal(before.index)))
    columns = (table.c.recorded_at, table.c.log_index)
    return select(*columns).where(*conditions).order_by(*(column.desc() for column in columns))


def _other_conditions(wanted: Filter) -> list[ColumnElement[bool]]:
    """The filters that do not drive, on `decisions`."""
    conditions: list[ColumnElement[bool]] = []
    if wanted.action and (wanted.detector or wanted.media_digest):
        conditions.append(decisions.c.action == wanted.action)
    if wanted.detector and wanted.media_digest:
        detected = (detections.c.log_index == decisions.c.log_index) & (detections.c.detector == wanted.detector)
        conditions.append(exists().where(detected))
    return conditions


def _matches(
    connection: Connection, window: Select[Any], others: Sequence[ColumnElement[bool]], limit: int
) -> list[Recorded]:
    candidate = window.subquery("candidate")
    statement = select_recorded().join(candidate, candidate.c.log_index == entries.c.log_index)
    if others:
        statement = statement.join(decisions, decisions.c.log_index == candidate.c.log_index).where(*others)
    order = (candidate.c.recorded_at.desc(), candidate.c.log_index.desc())
    return [recorded_from(row) for row in connection.execute(statement.order_by(*order).limit(limit))]


def _after_window(connection: Connection, candidates: Select[Any], window: int, scope: str) -> str:
    """A token for what lies beyond the candidates of this page; "" if nothing does."""
    last = connection.execute(candidates.offset(window - 1).limit(1)).one_or_none()
    return "" if last is None else write_token(Position(last.recorded_at, last.log_index), scope)


def _position(record: Recorded) -> Position:
    return Position(to_microseconds(record.recorded_at), record.index)
