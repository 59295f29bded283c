"""The commands of a policy's life, typed at a real server."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from structlog.testing import capture_logs
from typer.testing import CliRunner

from core.sandbox import Sandbox
from countersign.cli.app import build_app
from server.provenance import Provenance
from tests.server.policy.stations import Station, cases, policy, red, station
from tests.server.test_cli import HOOK

pytestmark = pytest.mark.asyncio(loop_scope="session")


@pytest_asyncio.fixture(loop_scope="session")
async def alone(tmp_path: Path, trusted: tuple[Sandbox, Provenance]) -> Any:
    async with station(tmp_path / "one", f"sqlite:///{tmp_path / 'log.db'}", trusted) as running:
        yield running


@pytest.fixture(autouse=True)
def _quiet() -> Iterator[None]:
    """The server runs in this process; what it logs would stand among what the commands print."""
    with capture_logs():
        yield


def write(path: Path, text: str) -> None:
    path.write_text(text)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "strict.yaml"
    path.write_text(policy("strict", 100))
    (tmp_path / "strict.cases.yaml").write_text(cases(100))
    return path


async def typed(served: Station, who: str, *words: str | Path, code: int = 0) -> Any:
    """What a command prints; its JSON where it was asked for."""
    environment = {"COUNTERSIGN_ADDRESS": served.address, "COUNTERSIGN_TOKEN": who, "COLUMNS": "200"}
    line = ["policy", *map(str, words)]
    result = await asyncio.to_thread(
        lambda: CliRunner().invoke(build_app([HOOK]), line, env=environment, catch_exceptions=False)
    )
    assert result.exit_code == code, result.output
    return json.loads(result.stdout) if "--json" in words else result.output


async def test_a_life_as_typed(alone: Station, file: Path) -> None:
    view = await typed(alone, "ann", "propose", file, "--note", "reds are up", "--json")
    digest = view["version"]["digest"]
    assert view["ok"]
    assert await typed(alone, "ann", "test", digest, "--online", "--json")
    assert "you proposed this version yourself" in await typed(alone, "ann", "approve", file, code=2)
    await typed(alone, "bob", "approve", digest[7:15], "--note", "agreed")
    shown = await typed(alone, "ann", "activate", file, "--percent", "10")
    assert "10 % of content is decided by" in shown
    await typed(alone, "ann", "activate", file)
    listed = await typed(alone, "ann", "list", "--json")
    assert (listed["live"]["stable_digest"], listed["stale"]) == (digest, "")
    assert (await typed(alone, "ann", "show", file, "--text")) == policy("strict", 100)
    shown = await typed(alone, "ann", "show", file)
    assert [
        word
        for word in ("proposed", "3 cases passed", "approved", "decides on 100 %", "reds are up")
        if word not in shown
    ] == []
    assert "decides on 100 % of content already" in await typed(alone, "ann", "activate", file, code=2)
    back = await typed(alone, "ann", "rollback", "--note", "too many", "--seen", listed["live"]["log_index"])
    assert "all content is decided by the policy in each server's configuration" in back
    stale = await typed(alone, "ann", "rollback", "--seen", listed["live"]["log_index"], code=2)
    assert "ABORTED: what decides has changed since you looked: acme/ann rolled back house strict" in stale


async def test_what_cannot_be_proposed_is_said_with_its_place(alone: Station, file: Path) -> None:
    write(file, policy("strict", 100).replace("red.score >", "red.scoer >"))
    said = await typed(alone, "ann", "propose", file, code=1)
    assert f"{file}:7:11: rule 'too-red': there is no signal 'red.scoer' (did you mean 'red.score'?)" in said
    view = await typed(alone, "ann", "check", file, "--online", "--json", code=1)
    assert [(each["line"], each["hint"]) for each in view["problems"]] == [(7, "did you mean 'red.score'?")]
    for short in ("nothing.yaml", "abcde"):
        said = await typed(alone, "ann", "approve", short, code=2)
        assert f"{short} is no file, and no digest of a version, nor six digits or more that one begins with" in said
    assert "no proposed policy begins with" in await typed(alone, "ann", "approve", "abcdef12", code=2)
    write(file, policy("strict", 100))
    assert "✓" in await typed(alone, "ann", "check", file, "--online")
    assert "3 of 3 cases as expected" in await typed(alone, "ann", "test", file, "--online")


async def test_places_are_told_in_the_files_that_were_named(alone: Station, file: Path, tmp_path: Path) -> None:
    (tmp_path / "red.png").write_bytes(red(150))
    beside = tmp_path / "strict.cases.yaml"
    write(beside, cases(100).replace("action: block", "action: review", 1))
    said = await typed(alone, "ann", "test", file, "--online", code=1)
    assert f"✗ {beside}:3 a red picture" in said
    write(beside, "policy: house\ncases: nonsense\n")
    assert f"✗ {beside}:2:1:" in await typed(alone, "ann", "test", file, "--online", code=1)
    beside.unlink()
    assert "a policy needs test cases" in await typed(alone, "ann", "test", file, "--online", code=2)
    write(file, policy("strict", 100).replace("red.score >", "red.scoer >"))
    for words in (("dry-run", file, tmp_path / "red.png"), ("backtest", file)):
        said = await typed(alone, "ann", *words, code=2)
        assert f"{file}:7:11: rule 'too-red': there is no signal 'red.scoer'" in said
        assert "policy:7:11" not in said
        view = await typed(alone, "ann", *words, "--json", code=2)
        assert f"{file}:7:11:" in view["error"]["message"]


async def test_trials_as_typed(alone: Station, file: Path, tmp_path: Path) -> None:
    decided = [await alone.screen(red(amount)) for amount in (90, 120, 160)]
    (tmp_path / "red.png").write_bytes(red(150))
    shown = await typed(alone, "ann", "dry-run", file, tmp_path / "red.png")
    assert "ALLOW" in shown
    assert "BLOCK" in shown
    assert "The picture is too red (150)." in shown
    views = await typed(alone, "ann", "dry-run", file, tmp_path / "red.png", tmp_path / "none.png", "--json", code=2)
    assert [view.get("changed") for view in views] == [True, None]
    shown = await typed(alone, "ann", "backtest", file)
    assert "2 of 3 would have been decided otherwise" in shown
    assert all(each.decision_id in shown for each in decided[1:])
    assert "nothing is an estimate" in shown
    view = await typed(alone, "ann", "backtest", file, "--samples", "1", "--json")
    assert [(each["from"], each["to"], each["count"], len(each["decision_ids"])) for each in view["matrix"]] == [
        ("ALLOW", "ALLOW", 1, 0),
        ("ALLOW", "BLOCK", 2, 1),
    ]
    assert "may not read the tenant" in await typed(alone, "ann", "backtest", file, "--tenant", "other", code=2)
    shown = await typed(alone, "eve", "explain", decided[0].decision_id)
    assert "Rule that fired" in shown
