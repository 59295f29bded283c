"""`countersign log consistency`: from files alone, and with what a log answers."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from countersign.cli.app import build_app
from countersign.cli.consistency import compare_with_log
from countersign.errors import CorruptAnswer
from countersign.v1 import audit_pb2
from countersign.verify.checks import passed
from countersign.verify.consistency import ConsistencyProof
from countersign.verify.policy import Trust
from tests.verify import naive
from tests.verify.world import ENTRIES, FIRST, FORK, ONE, SECOND, Signer, rotation

OLD, NEW = FIRST.checkpoint(6, ENTRIES), FIRST.checkpoint(12, ENTRIES)
PROOF = str(ConsistencyProof(6, tuple(naive.proof(6, ENTRIES)), NEW))
BARE = str(ConsistencyProof(6, tuple(naive.proof(6, ENTRIES))))
KEY = str(FIRST.key)


class FakeLog:
    """Answers from `entries`, honestly."""

    def __init__(self, entries: Sequence[bytes], signer: Signer = FIRST, size: int = 12, statement: str = "") -> None:
        self.entries, self.signer, self.size, self.statement = entries, signer, size, statement
        self.asked: list[tuple[int, int]] = []

    def checkpoint(self) -> audit_pb2.GetCheckpointResponse:
        note = self.signer.checkpoint(self.size, self.entries)
        keys = [audit_pb2.LogKey(key=KEY), audit_pb2.LogKey(key=str(SECOND.key), statement=self.statement)]
        return audit_pb2.GetCheckpointResponse(checkpoint=note, log_key=str(self.signer.key), log_keys=keys)

    def consistency(self, first: int, second: int) -> str:
        self.asked.append((first, second))
        return str(ConsistencyProof(first, tuple(naive.proof(first, self.entries[:second]))))


def run(tmp_path: Path, *words: str, **files: str) -> Any:
    for name, content in files.items():
        (tmp_path / name).write_text(content)
    line = ["log", "consistency", *(str(tmp_path / word[1:]) if word.startswith("@") else word for word in words)]
    nowhere = {"COUNTERSIGN_ADDRESS": "127.0.0.1:1", "COLUMNS": "200"}
    return CliRunner().invoke(build_app(), line, env=nowhere, catch_exceptions=False)


def test_from_files_it_asks_nobody(tmp_path: Path) -> None:
    result = run(tmp_path, "@old", "--proof", "@proof", "--log-key", KEY, "--json", old=OLD, proof=PROOF)
    assert (result.exit_code, result.stderr) == (0, "")
    view = json.loads(result.stdout)
    assert view["ok"] is True
    assert [check["name"] for check in view["checks"]] == ["key", "old", "new", "consistency"]


def test_a_proof_without_its_checkpoint_takes_it_from_a_file(tmp_path: Path) -> None:
    words = ("@old", "--new", "@new", "--proof", "@proof", "--log-key", KEY)
    assert run(tmp_path, *words, old=OLD, new=NEW, proof=BARE).exit_code == 0
    assert run(tmp_path, *words, old=OLD, new=FIRST.checkpoint(12, FORK), proof=BARE).exit_code == 1


def test_a_split_view_needs_two_files_and_no_proof(tmp_path: Path) -> None:
    words = ("@old", "--new", "@new", "--log-key", KEY)
    result = run(tmp_path, *words, old=FIRST.checkpoint(9, ENTRIES), new=FIRST.checkpoint(9, FORK))
    assert result.exit_code == 1
    assert "✗ consistency: SPLIT VIEW" in result.stdout
    assert run(tmp_path, *words, old=NEW, new=OLD).exit_code == 1
    assert run(tmp_path, *words, old=NEW, new=NEW).exit_code == 0


def test_rotations_and_witnesses_count_here_too(tmp_path: Path) -> None:
    later = ONE.cosign(SECOND.checkpoint(12, ENTRIES))
    proof = str(ConsistencyProof(6, tuple(naive.proof(6, ENTRIES)), later))
    words = ["@old", "--proof", "@proof", "--log-key", KEY, "--witness", str(ONE.witness)]
    files = {"old": OLD, "proof": proof, "statement": rotation(FIRST, SECOND, 8)}
    assert run(tmp_path, *words, **files).exit_code == 1
    assert run(tmp_path, *words, "--rotation", "@statement", **files).exit_code == 0
    assert run(tmp_path, *words, "--rotation", "@statement", "--quorum", "2", **files).exit_code == 1


@pytest.mark.parametrize(
    ("words", "files", "reason"),
    [
        (("@old", "--proof", "@proof"), {"old": OLD, "proof": PROOF}, "--log-key"),
        (("@old", "--proof", "@proof", "--log-key", KEY), {"old": OLD, "proof": BARE}, "--new"),
        (("@old", "--proof", "@proof", "--log-key", KEY), {"old": OLD, "proof": "no proof"}, "old size"),
        (("@old", "--new", "@new", "--log-key", KEY), {"old": "no checkpoint", "new": NEW}, "not a checkpoint"),
        (("@no", "--log-key", KEY), {}, "does not exist"),
    ],
)
def test_what_cannot_be_compared_is_unusable(
    tmp_path: Path, words: tuple[str, ...], files: dict[str, str], reason: str
) -> None:
    result = run(tmp_path, *words, **files)
    assert result.exit_code == 2
    assert reason in result.stderr


def test_a_log_that_grew_passes_and_is_asked_once() -> None:
    log = FakeLog(ENTRIES)
    assert passed(compare_with_log(log, OLD, None, Trust((KEY,))))
    assert passed(compare_with_log(log, OLD, FIRST.checkpoint(9, ENTRIES), Trust((KEY,))))
    assert log.asked == [(6, 12), (6, 9)]


def test_without_a_pinned_key_the_logs_own_is_taken_and_that_is_said() -> None:
    checks = compare_with_log(FakeLog(ENTRIES), OLD, None, Trust())
    assert passed(checks)
    assert checks[0].detail.startswith("NOT PINNED")


def test_the_log_brings_its_own_rotation_statements() -> None:
    log = FakeLog(ENTRIES, SECOND, statement=rotation(FIRST, SECOND, 8))
    assert passed(compare_with_log(log, OLD, None, Trust((KEY,))))
    silent = FakeLog(ENTRIES, SECOND)
    assert not passed(compare_with_log(silent, OLD, None, Trust((KEY,))))


def test_a_rewritten_or_shrunk_log_is_found() -> None:
    for log in (FakeLog(FORK), FakeLog(ENTRIES, size=5), FakeLog(FORK, size=6)):
        checks = compare_with_log(log, OLD, None, Trust((KEY,)))
        assert [check.name for check in checks if not check.ok] == ["consistency"]


def test_a_proof_that_cannot_be_read_is_a_corrupt_answer() -> None:
    class Mumbling(FakeLog):
        def consistency(self, first: int, second: int) -> str:
            return f"{first} {second}"

    with pytest.raises(CorruptAnswer):
        compare_with_log(Mumbling(ENTRIES), OLD, None, Trust((KEY,)))
