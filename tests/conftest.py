from __future__ import annotations

import signal
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.audit.stores import PostgresServer


@pytest.fixture(scope="session", autouse=True)
def _hear_ctrl_c() -> None:
    """A shell that starts the suite in the background has it ignore SIGINT, and so every process that tests start."""
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(scope="session")
def postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PostgresServer]:
    """A PostgreSQL server for the whole session, with a migrated template to copy databases from."""
    # Imported here: most folders of tests know nothing of databases.
    from tests.audit.stores import running_postgres

    # The folder above is the same for all processes of one run of the suite.
    with running_postgres(tmp_path_factory.getbasetemp().parent / "postgres.lock") as server:
        server.make_template()
        yield server
