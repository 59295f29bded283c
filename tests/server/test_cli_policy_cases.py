"""`policy test`: what it prints, and how it ends."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from countersign.cli.app import build_app
from policies.files import DEFAULT_PACK, cases_of
from tests.server.test_cli import HOOK


def command(*words: str | Path) -> Any:
    return CliRunner().invoke(build_app([HOOK]), ["policy", "test", *map(str, words)], catch_exceptions=False)


@pytest.fixture
def policy(tmp_path: Path) -> Path:
    """A copy of the default pack with its cases."""
    path = tmp_path / "mine.yaml"
    path.write_text(DEFAULT_PACK.read_text())
    cases_of(path).write_text(cases_of(DEFAULT_PACK).read_text())
    return path


def test_the_shipped_policy_passes_its_cases(tmp_path: Path) -> None:
    result = command("--json")
    view = json.loads(result.stdout)
    assert (result.exit_code, view["ok"], view["gaps"], view["problems"]) == (0, True, [], [])
    assert all(each["ok"] for each in view["cases"])
    assert "mutation" not in view
    assert command().stdout.startswith("✓ ")


def test_a_changed_policy_fails_with_the_case_and_its_line(policy: Path) -> None:
    policy.write_text(policy.read_text().replace("action: label", "action: allow", 1))
    result = command(policy, "--json")
    view = json.loads(result.stdout)
    assert (result.exit_code, view["ok"]) == (1, False)
    failed = [each for each in view["cases"] if not each["ok"]]
    assert "a prompt in its metadata" in {each["name"] for each in failed}
    lines = cases_of(policy).read_text().splitlines()
    assert all(each["name"] in lines[each["line"] - 1] for each in failed)
    told = command(policy).stdout
    assert "expected label, got allow" in told
    assert f"{cases_of(policy)}:" in told


def test_a_gap_is_told_with_its_line_in_the_policy(policy: Path) -> None:
    extra = "\n  - {id: idle, title: Idle, when: copy_move.score > 3.0, action: review, code: idle, text: Idle,"
    policy.write_text(policy.read_text() + extra + " when_missing: skip, skip_reason: None.}\n")
    result = command(policy)
    assert result.exit_code == 1
    number = len(policy.read_text().splitlines())
    assert f"{policy}:{number} rule 'idle': it fires in no case" in result.stdout


def test_what_no_case_would_notice_fails_where_that_is_asked(tmp_path: Path) -> None:
    policy = tmp_path / "wide.yaml"
    policy.write_text(
        "{id: wide-only, version: '1', description: Wide., rules: "
        "[{id: wide, title: Wide, when: media.width > 9000, action: review, code: wide, text: Wide}]}"
    )
    cases_of(policy).write_text(
        "{policy: wide-only, cases: ["
        "{name: wide, given: {media.width: 9900}, expect: {action: review, rules: [wide]}}, "
        "{name: narrow, expect: {action: allow, rules: []}}]}"
    )
    assert command(policy).exit_code == 0
    result = command(policy, "--mutate", "--json")
    assert result.exit_code == 1
    survivors = json.loads(result.stdout)["mutation"]["survivors"]
    assert {each["rule"] for each in survivors} == {"wide"}
    assert "in the condition, '9000' replaced by '9001'" in {each["change"] for each in survivors}
    assert "no case notices" in command(policy, "--mutate").stdout


def test_a_policy_that_does_not_load_and_cases_that_are_not_there_end_differently(policy: Path) -> None:
    good = policy.read_text()
    policy.write_text(good.replace("copy_move.detected", "copymove.detected"))
    result = command(policy, "--json")
    assert result.exit_code == 1
    assert json.loads(result.stdout)["problems"][0]["hint"] == "did you mean 'copy_move.detected'?"
    policy.write_text(good)
    cases_of(policy).unlink()
    result = command(policy)
    assert result.exit_code == 2
    assert (
        f"a policy needs test cases: write them to {cases_of(policy)}, or name their file with --cases" in result.output
    )
    assert command(policy, "--cases", cases_of(DEFAULT_PACK)).exit_code == 0
