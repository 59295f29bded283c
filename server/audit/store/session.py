"""What a PostgreSQL session says about itself: the settings that decide whether a commit lasts, and whose it is."""

from __future__ import annotations

import time
from dataclasses import dataclass

import psycopg

# All but `off` wait for this server's disk; the others, raised to `on`, wait for less of a synchronous standby, which
# might take over without what was acknowledged.
DURABLE = ("on", "remote_apply")

_SETTINGS = f"""
    SELECT set_config('synchronous_commit', 'on', false)
     WHERE current_setting('synchronous_commit') NOT IN {DURABLE}
"""
_FACTS = """
    SELECT current_setting('fsync'), current_setting('full_page_writes'), current_setting('synchronous_commit'),
           current_setting('server_encoding'), pg_is_in_recovery(),
           (SELECT system_identifier FROM pg_control_system()),
           (SELECT oid::bigint FROM pg_database WHERE datname = current_database())
"""


@dataclass(frozen=True, slots=True)
class Session:
    """Facts about one connection.

    opened: by the monotonic clock. cluster: `system_identifier`, of a whole server; database: an oid within it.
    """

    opened: float
    fsync: str
    full_page_writes: str
    synchronous_commit: str
    encoding: str
    in_recovery: bool
    cluster: int
    database: int

    @property
    def identity(self) -> tuple[int, int]:
        """Which database it is: a path or a name may come to mean another one."""
        return self.cluster, self.database

    def complaints(self) -> list[str]:
        """Why a commit on this session might not last; empty where it does."""
        wanted = {
            "fsync": (self.fsync, ("on",)),
            "full_page_writes": (self.full_page_writes, ("on",)),
            "synchronous_commit": (self.synchronous_commit, DURABLE),
            "server_encoding": (self.encoding, ("UTF8",)),
        }
        found = [f"{name} is {value}" for name, (value, accepted) in wanted.items() if value not in accepted]
        return [*found, "it is a standby"] if self.in_recovery else found


def open_session(connection: psycopg.Connection, timeouts: dict[str, int]) -> Session:
    """Set what a session may set for itself, then ask for what holds. timeouts: milliseconds by name of the setting.

    The connection is in autocommit mode.
    """
    for name, milliseconds in timeouts.items():
        connection.execute("SELECT set_config(%s, %s, false)", (name, str(milliseconds)))
    connection.execute(_SETTINGS)
    row = connection.execute(_FACTS).fetchone()
    if row is None:
        raise psycopg.DataError("the server said nothing about itself")
    return Session(time.monotonic(), *row)
