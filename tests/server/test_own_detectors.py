"""Classifiers of the operator's own, from the configuration to a decision."""

from __future__ import annotations

import asyncio
import json
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from core.errors import ConfigurationError, IntegrityError
from countersign import Client
from countersign.cli.app import build_app
from countersign.v1 import model_pb2
from server.app import App
from server.config import Settings
from tests.detectors.making import coded, halved
from tests.detectors.own import checkpoints
from tests.server.test_cli import HOOK

POLICY = """
id: house
version: "1"
description: Looks at what the operator's own detector says.
rules:
  - id: looks-made
    title: It looks made
    when: house_look.detected && house_look.score > 0.0
    action: review
    code: looks_made
    text: "It looks made ({house_look.score})."
    when_missing: skip
    skip_reason: The detector says nothing.
"""


def table(checkpoint: Any, **settings: Any) -> dict[str, Any]:
    """What an operator writes of it."""
    return {
        "name": checkpoint.name,
        "kind": checkpoint.kind,
        "label": checkpoint.label,
        "path": str(checkpoint.path),
        "detected": ["machine"],
        "sha256": checkpoint.sha256,
        "licence": "MIT",
        "absent_to": -50.0,
        "detected_from": -49.0,
        **settings,
    }


def settings(folder: Path, *detectors: dict[str, Any], policy: Path | None = None) -> Settings:
    """As of a file: TOML has lists, and no tuples."""
    file = folder / "countersign.toml"
    lines = ["[server]", 'address = "127.0.0.1:0"', f'data_dir = "{folder / "data"}"', "parsers = 1"]
    lines += [f'policy = "{policy}"'] if policy else []
    for each in detectors:
        lines += ["[[server.classifiers]]", *(f"{key} = {json.dumps(value)}" for key, value in each.items())]
    file.write_text("\n".join(lines))
    return Settings.load(file, {})


@asynccontextmanager
async def serving(values: Settings) -> AsyncIterator[Client]:
    app = await App.start(values)
    try:
        with Client(app.address) as client:
            yield client
    finally:
        await app.close()


async def test_it_serves_beside_the_others_and_decides(tmp_path: Path) -> None:
    policy = tmp_path / "policy.yaml"
    policy.write_text(POLICY.replace("> 0.0", "> -49.0"))
    calibration = tmp_path / "known.json"
    digest = checkpoints.KNOWN.write(calibration)
    calibrated = table(replace(checkpoints.of_transformers(tmp_path), name="house_sure"))
    del calibrated["absent_to"], calibrated["detected_from"]
    calibrated |= {"calibration": str(calibration), "calibration_sha256": digest, "detected": [1]}
    scored = table(checkpoints.of_onnx(tmp_path), classes=["camera", "machine"])
    async with serving(settings(tmp_path, scored, calibrated, policy=policy)) as client:
        picture = coded(halved("crab"))
        answer = await asyncio.to_thread(client.screen, picture, request_id=uuid.uuid4().hex)
        findings = {each.detector: each for each in answer.decision.findings}
        listed = await asyncio.to_thread(client.list_models, model_pb2.MODEL_ROLE_DETECTOR)
    models = {each.name: each for each in listed}
    assert [each.code for each in answer.decision.reasons] == ["looks_made"]
    look, sure = findings["house_look"], findings["house_sure"]
    assert look.label == sure.label == "machine_made"
    assert look.HasField("score")
    assert not look.HasField("probability")
    assert sure.HasField("probability")
    assert sure.calibration == checkpoints.KNOWN.digest
    assert "copy_move" in findings
    assert models["house_look"].licence == "MIT"
    assert models["house_look"].version == look.version
    assert "no calibration" in models["house_look"].limits
    assert "no calibration" not in models["house_sure"].limits
    assert models["copy_move"].licence == "Apache-2.0"


async def test_a_server_does_not_start_with_another_file_than_the_pinned_one(tmp_path: Path) -> None:
    wrong = table(checkpoints.of_onnx(tmp_path), classes=["camera", "machine"], sha256="0" * 64)
    with pytest.raises(IntegrityError, match="house_look: sha256"):
        await App.start(settings(tmp_path, wrong))


@pytest.mark.parametrize("kind", ["transformers", "timm file", "onnx"])
def test_the_command_prints_the_digest_that_pins_it(tmp_path: Path, kind: str) -> None:
    checkpoint = checkpoints.KINDS[kind](tmp_path)
    assert checkpoint.path is not None
    words = ["models", "digest", str(checkpoint.path)]
    result = CliRunner().invoke(build_app([HOOK]), words, catch_exceptions=False)
    assert result.stdout.strip() == checkpoint.sha256


async def test_a_name_that_is_taken_stops_the_start(tmp_path: Path) -> None:
    taken = table(checkpoints.of_onnx(tmp_path), name="copy_move", classes=["camera", "machine"])
    with pytest.raises(ConfigurationError, match="two detectors are named 'copy_move'"):
        await App.start(settings(tmp_path, taken))


def test_policies_are_checked_against_it_where_no_server_runs(tmp_path: Path) -> None:
    policy = tmp_path / "policy.yaml"
    policy.write_text(POLICY)
    said = {"name": "house_look", "kind": "onnx", "label": "made", "path": "no.onnx", "detected": [0]}
    settings(tmp_path, {**said, "sha256": "0" * 64, "absent_to": 0.0, "detected_from": 1.0})
    config = ["--config", str(tmp_path / "countersign.toml")]
    for options, code in ((config, 0), ([], 1)):
        words = [*options, "policy", "check", str(policy)]
        result = CliRunner().invoke(build_app([HOOK]), words, env={"COUNTERSIGN_CONFIG": None}, catch_exceptions=False)
        assert result.exit_code == code, result.stdout


UNFIT: list[tuple[dict[str, Any], str]] = [
    ({"kind": "pickle"}, "kind"),
    ({"label": "Made By"}, "label"),
    ({"name": "Own"}, "name"),
    ({"detected": []}, "detected"),
    ({"detected": [-1]}, "detected"),
    ({"sha256": "abc"}, "sha256"),
    ({"hub": "a/b"}, "either path or hub"),
    ({"path": None}, "either path or hub"),
    ({"path": None, "hub": "a/b"}, "hub is for folders"),
    ({"revision": "v1"}, "revision is for a model of a hub"),
    ({"architecture": "resnet18"}, "architecture is no setting of the kind 'onnx'"),
    ({"kind": "transformers", "classes": ["a", "b"]}, "classes is no setting of the kind 'transformers'"),
    ({"kind": "timm", "architecture": "hf-hub:someone/net"}, "architecture"),
    ({"kind": "open_clip"}, "either prompts or probe"),
    ({"kind": "open_clip", "prompts": {"a": []}}, "prompts"),
    ({"kind": "open_clip", "probe": "probe.safetensors"}, "probe_sha256"),
    ({"classes": ["a", "a"]}, "a name twice"),
    ({"absent_to": 2.0}, "absent_to has to be below detected_from"),
    ({"absent_to": None}, "either calibration, or both"),
    ({"calibration": "a.json", "calibration_sha256": "0" * 64}, "either calibration, or both"),
    ({"calibration": "a.json"}, "calibration_sha256"),
    ({"detected_from": float("inf")}, "detected_from"),
    ({"std": [0.0, 1.0, 1.0]}, "std"),
    ({"tiles": 0}, "tiles"),
    ({"crop": "hands"}, "crop"),
    ({"margin": 0.5}, "margin is for crop"),
    ({"crop": "faces", "margin": -0.1}, "margin"),
    ({"kind": "blend", "classes": ["a", "b"]}, "classes is no setting of the kind 'blend'"),
    ({"kind": "blend", "path": None, "hub": "a/b"}, "hub is for folders"),
    ({"surprise": 1}, "surprise"),
]


@pytest.mark.parametrize(("changed", "names"), UNFIT)
def test_tables_that_do_not_fit_are_refused_by_the_setting(tmp_path: Path, changed: dict[str, Any], names: str) -> None:
    said = {"name": "house_look", "kind": "onnx", "label": "made", "path": "no.onnx", "detected": [0]}
    whole = {**said, "sha256": "0" * 64, "absent_to": 0.0, "detected_from": 1.0, **changed}
    given = {key: value for key, value in whole.items() if value is not None}
    with pytest.raises(ConfigurationError) as caught:
        Settings.load(write(tmp_path, given), {})
    assert "classifiers.0" in str(caught.value)
    assert names in str(caught.value)


def test_two_tables_of_one_name_are_refused(tmp_path: Path) -> None:
    said = {"name": "twice", "kind": "onnx", "label": "made", "path": "no.onnx", "detected": [0]}
    whole = {**said, "sha256": "0" * 64, "absent_to": 0.0, "detected_from": 1.0}
    with pytest.raises(ConfigurationError, match="two classifiers of the name 'twice'"):
        settings(tmp_path, whole, whole)


def write(folder: Path, given: dict[str, Any]) -> Path:
    file = folder / "countersign.toml"
    lines = [f"{key} = {toml(value)}" for key, value in given.items()]
    file.write_text("\n".join(["[[server.classifiers]]", *lines]))
    return file


def toml(value: Any) -> str:
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key} = {toml(each)}" for key, each in value.items()) + "}"
    return "inf" if value == float("inf") else json.dumps(value)
