"""`--tenant`: every command that reads the record says whose, and those that write cannot."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.client.conftest import Command
from tests.client.fake_server import FakeServer

BY_FILTER = [
    ("ListDecisions", ["log", "list"]),
    ("ListDecisions", ["log", "export"]),
    ("ExportDecisions", ["log", "export", "--format", "dsa"]),
    ("StreamDecisions", ["log", "follow", "--after", "-1", "--limit", "1"]),
]
BY_FIELD = [
    ("GetHistory", ["log", "show", "d0000"]),
    ("GetReceipt", ["log", "receipt", "d0000"]),
    ("GetReceipt", ["log", "export", "--receipts"]),
    ("GetBundle", ["log", "bundle", "d0000", "-o", "case.zip"]),
    ("ListOpenIntents", ["log", "intents"]),
]


@pytest.fixture(autouse=True)
def _recorded(command: Command, photo: Path) -> None:
    command("screen", photo)


@pytest.mark.parametrize(("method", "words"), BY_FILTER)
def test_commands_that_choose_send_it_in_the_filter(
    server: FakeServer, command: Command, method: str, words: list[str]
) -> None:
    command(*words)
    command(*words, "--tenant", "acme")
    assert [request.filter.tenant for request in server.seen[method]] == ["", "acme"]


@pytest.mark.parametrize(("method", "words"), BY_FIELD)
def test_commands_about_one_thing_send_it_beside_the_id(
    server: FakeServer, command: Command, method: str, words: list[str]
) -> None:
    command(*words)
    command(*words, "--tenant", "acme", *(["--force"] if "-o" in words else []))
    assert [request.tenant for request in server.seen[method]] == ["", "acme"]


@pytest.mark.parametrize(
    "words",
    [
        ["review", "d0000", "--action", "allow", "--reason", "x"],
        ["appeal", "d0000", "--reason", "x"],
        ["erase", "u1", "--yes"],
    ],
)
def test_nothing_is_written_for_another_tenant(command: Command, words: list[str]) -> None:
    refused = command(*words, "--tenant", "acme")
    assert refused.exit_code == 2
    assert "No such option" in refused.stderr
