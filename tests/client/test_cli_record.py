"""`log follow|intents|checkpoint`, `review`, `appeal` and `erase`, as typed."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from countersign.cli.app import build_app
from countersign.v1 import audit_pb2, common_pb2
from tests.client.conftest import Command
from tests.client.fake_server import FakeServer


@pytest.fixture(autouse=True)
def _recorded(command: Command, photo: Path) -> None:
    for media in (b"ALLOW 1", b"BLOCK 2"):
        photo.write_bytes(media)
        command("screen", photo, "--subject", "u1")


def test_following_prints_one_object_a_line(server: FakeServer, command: Command) -> None:
    result = command("log", "follow", "--after", "-1", "--limit", "2", "--state", "none", "--json")
    assert (result.exit_code, result.stderr) == (0, "")
    views = [json.loads(line) for line in result.stdout.splitlines()]
    assert [(view["log_index"], view["decision_id"]) for view in views] == [(0, "d0000"), (1, "d0001")]
    assert server.seen["StreamDecisions"][0].filter.review_state == common_pb2.REVIEW_STATE_NONE


def test_following_prints_one_line_for_people(command: Command) -> None:
    lines = command("log", "follow", "--after", "0", "--limit", "1").stdout.splitlines()
    (line,) = lines
    assert line.startswith("1  2026-01-02T03:04:05Z  d0001  BLOCK")


def test_intents_are_listed(server: FakeServer, command: Command) -> None:
    server.intents = [audit_pb2.OpenIntent(intent_id=f"i{n}", log_index=n, task="upscale") for n in range(3)]
    result = command("log", "intents", "--older-than", "60", "--limit", "2", "--json")
    assert [view["intent_id"] for view in json.loads(result.stdout)] == ["i0", "i1"]
    assert "more than 2" in result.stderr
    assert server.seen["ListOpenIntents"][0].older_than_seconds == 60
    shown = command("log", "intents")
    assert "upscale" in shown.stdout
    assert shown.stderr == ""


def test_a_checkpoint_is_printed_to_be_kept(server: FakeServer, command: Command) -> None:
    text = command("log", "checkpoint").stdout
    assert text == json.loads(command("log", "checkpoint", "--json").stdout)["checkpoint"]
    assert text.startswith("fake.test/log\n1\n")
    assert text.endswith("\n")


def test_a_witnessed_checkpoint_is_printed_where_there_is_one(server: FakeServer, command: Command) -> None:
    assert command("log", "checkpoint", "--witnessed").exit_code == 2
    server.witnessed = "fake.test/log\n1\nroot\n\n— fake.test/log sig\n— witness sig\n"
    assert command("log", "checkpoint", "--witnessed").stdout == server.witnessed


def test_a_receipt_can_be_asked_for_that_a_witness_vouches_for(server: FakeServer, command: Command) -> None:
    assert command("log", "receipt", "d0001").exit_code == 0
    assert command("log", "receipt", "d0001", "--witnessed").exit_code == 0
    assert [request.witnessed for request in server.seen["GetReceipt"]] == [False, True]


def test_a_review_prints_the_decision_as_it_stands(server: FakeServer, command: Command) -> None:
    words = ["review", "d0001", "--action", "allow", "--reason", "art", "--note", "a painting", "--seen", "1"]
    view = json.loads(command(*words, "--json").stdout)
    assert (view["action"], view["current_action"], view["review_state"]) == ("BLOCK", "ALLOW", "OVERTURNED")
    assert view["receipt"]["decision_id"] == "d0001"
    (request,) = server.seen["ReviewDecision"]
    assert (request.action, request.reason_code, request.note) == (common_pb2.ACTION_ALLOW, "art", "a painting")
    assert request.seen_index == 1
    late = command(*words, "--json")
    assert late.exit_code == 2
    assert json.loads(late.stdout)["error"]["code"] == "ALREADY_EXISTS"


@pytest.mark.parametrize("words", [["--action", "review", "--reason", "x"], ["--action", "block"], ["--reason", "x"]])
def test_an_unfit_review_is_not_sent(server: FakeServer, command: Command, words: list[str]) -> None:
    assert command("review", "d0001", *words).exit_code == 2
    assert not server.seen["ReviewDecision"]


def test_an_appeal_is_filed_and_shown_with_its_decision(server: FakeServer, command: Command) -> None:
    words = ["--reason", "not-mine", "--statement", "[bold]mine[/bold]\x1b[2J", "--appellant", "u7"]
    filed = command("appeal", "d0001", *words)
    assert filed.exit_code == 0
    assert "appealed" in filed.stdout
    shown = command("log", "show", "d0001").stdout
    assert all(text in shown for text in ("APPEAL", "not-mine", "[bold]mine[/bold]", "u7", "BLOCK (appealed)"))
    assert "\x1b[2J" not in shown
    view = json.loads(command("log", "show", "d0001", "--json").stdout)
    assert [(event["kind"], event["outcome"]) for event in view["history"]] == [("APPEAL", "APPEALED")]
    command("review", "d0001", "--action", "label", "--reason", "art")
    assert "BLOCK → LABEL (overturned)" in command("log", "show", "d0001").stdout
    narrow = command("log", "list", COLUMNS="80").stdout
    assert all(text in narrow for text in ("BLOCK → LABEL", "(overturned)", "because"))


def test_what_was_erased_is_named(command: Command) -> None:
    result = command("erase", "u1", "--yes", "--json")
    assert json.loads(result.stdout)["erased_entries"] == 2
    assert json.loads(command("log", "show", "d0001", "--json").stdout)["erased"] == ["subject"]
    assert "Erased" in command("log", "show", "d0001").stdout


@pytest.mark.parametrize(("answer", "code", "calls"), [("y\n", 0, 1), ("n\n", 2, 0)])
def test_erasing_asks_first(server: FakeServer, answer: str, code: int, calls: int) -> None:
    settings = {"COUNTERSIGN_ADDRESS": server.address}
    result = CliRunner().invoke(build_app(), ["erase", "u1"], env=settings, input=answer)
    assert result.exit_code == code
    assert len(server.seen["EraseSubject"]) == calls
    assert "cannot be undone" in result.stderr


def test_without_an_answer_nothing_is_erased(server: FakeServer, command: Command) -> None:
    assert command("erase", "u1").exit_code != 0
    assert not server.seen["EraseSubject"]
