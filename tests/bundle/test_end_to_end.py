"""From a photograph to a case on disk and back: a real server, its client and its command line."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from countersign import Client
from countersign.cli.app import build_app
from countersign.v1 import common_pb2
from countersign.verify.case.archive import unpack
from server.app import App
from server.config import Settings
from server.demo import files


@pytest.fixture
async def app(tmp_path: Path) -> AsyncIterator[App]:
    running = await App.start(
        Settings.model_validate({"address": "127.0.0.1:0", "data_dir": tmp_path / "data", "parsers": 1})
    )
    try:
        yield running
    finally:
        await running.close()


async def command(app: App, *words: str) -> Result:
    """The command line against the running server."""
    arguments = ["--address", app.address, *words]
    return await asyncio.to_thread(CliRunner().invoke, build_app(), arguments)


async def test_a_case_from_the_command_line_is_checked_without_the_server(app: App, tmp_path: Path) -> None:
    photo, case = tmp_path / "photo.jpg", tmp_path / "case.zip"
    photo.write_bytes(files.copy_moved())
    with Client(app.address) as client:
        decision = (await asyncio.to_thread(client.screen, photo)).decision
        block, note = common_pb2.ACTION_BLOCK, "The third jaguar is a copy of the first."
        await asyncio.to_thread(client.review, decision.decision_id, block, "manipulated", note=note)
        await asyncio.to_thread(client.appeal, decision.decision_id, "satire", statement="It was meant as a joke.")
    key = (tmp_path / "data" / "log.vkey").read_text().strip()

    fetched = await command(app, "log", "bundle", decision.decision_id, "-o", str(case), "--log-key", key)
    assert fetched.exit_code == 0, fetched.output
    assert (await command(app, "log", "bundle", decision.decision_id, "-o", str(case))).exit_code == 2
    await app.close()

    checked = await command(app, "verify", str(case), "--log-key", key, "--media", str(photo), "--json")
    assert checked.exit_code == 0, checked.output
    told = {check["name"]: check["detail"] for check in json.loads(checked.output)["checks"]}
    assert told["state"] == "BLOCK, review: appealed"
    assert told["evidence"].startswith("all ")
    assert told["models"].startswith("11 took part")
    page = unpack(case.read_bytes())["summary.html"].decode()
    assert "The third jaguar is a copy of the first." in page
    assert "data:image/png;base64," in page

    case.write_bytes(case.read_bytes().replace(b"Countersign", b"Countermand", 1))
    broken = await command(app, "verify", str(case), "--log-key", key)
    assert broken.exit_code == 1
    assert "✗" in broken.output


async def test_a_time_stamp_that_was_asked_for_has_to_be_there(app: App, tmp_path: Path) -> None:
    photo, case, roots = tmp_path / "photo.jpg", tmp_path / "case.zip", tmp_path / "roots.pem"
    photo.write_bytes(files.photograph())
    roots.write_text("")
    with Client(app.address) as client:
        decision = (await asyncio.to_thread(client.screen, photo)).decision
    assert (await command(app, "log", "bundle", decision.decision_id, "-o", str(case))).exit_code == 0
    assert (await command(app, "verify", str(case))).exit_code == 0
    roots.write_text("certificates of an authority")
    asked = await command(app, "verify", str(case), "--timestamp-root", str(roots))
    assert asked.exit_code == 1
    assert "✗ timestamp: the case has none" in asked.output


async def test_a_decision_that_is_not_there_has_no_case(app: App, tmp_path: Path) -> None:
    answer = await command(app, "log", "bundle", "0" * 32, "-o", str(tmp_path / "case.zip"))
    assert answer.exit_code == 2
    assert not (tmp_path / "case.zip").exists()
