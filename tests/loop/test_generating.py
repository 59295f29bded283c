"""A picture made of words by a model that the operator brought: from the command line to an offline verdict."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from generators.diffusion.checkpoint import digest_of
from tests.generators import tiny_diffusion
from tests.loop.conftest import COMMAND, Served, start

PROMPT = "three red apple"


@pytest.fixture(scope="module")
def brought(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny_diffusion.build(tmp_path_factory.mktemp("models") / "tiny", fast=True, control=True)


def configured(model: Path, sha256: str, licence: str = "Apache-2.0") -> str:
    return f'[[server.models]]\nname = "tiny"\npath = "{model}"\nsha256 = "{sha256}"\nlicence = "{licence}"\n'


@pytest.fixture(scope="module")
def painting(tmp_path_factory: pytest.TempPathFactory, brought: Path) -> Iterator[Served]:
    running = start(tmp_path_factory.mktemp("painting"), configured(brought, digest_of(brought)))
    yield running
    if running.process.poll() is None:
        running.stop()
    if running.process.stdout:
        running.process.stdout.close()


@pytest.fixture(scope="module")
def made(painting: Served, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, Any]]:
    out = tmp_path_factory.mktemp("made") / "out.png"
    words = ("generate", PROMPT, "-o", out, "--model", "tiny", "--seed", "7", "--steps", "3")
    return out, painting.json(*words, "--receipt", out.with_suffix(".json"))


def test_the_answer_names_output_decision_model_and_seed(made: tuple[Path, dict[str, Any]]) -> None:
    out, view = made
    assert (view["output"], view["seed"], view["model"].split("@")[0]) == (str(out), 7, "tiny")
    assert view["action"] in {"ALLOW", "LABEL"}
    with Image.open(out) as picture:
        assert picture.size == (64, 64)


def test_the_record_and_the_receipt_hold(painting: Served, made: tuple[Path, dict[str, Any]]) -> None:
    out, view = made
    shown = painting.json("log", "show", view["decision_id"])
    assert shown["direction"] == "OUTBOUND"
    assert shown["intent_index"] < view["receipt"]["log_index"]
    checked = painting.run("verify", out.with_suffix(".json"), "--media", out)
    assert "✗" not in checked


def test_the_credential_says_that_a_model_made_it(painting: Served, made: tuple[Path, dict[str, Any]]) -> None:
    seen = painting.json("inspect", made[0])
    assert seen["state"] == "TRUSTED"
    (active,) = [manifest for manifest in seen["manifests"] if manifest["active"]]
    assert active["actions"][0] == "c2pa.created"
    (screened,) = painting.json("screen", made[0])
    assert screened["provenance"]["state"] == "TRUSTED"


def test_the_seed_decides_up_to_the_watermark(
    painting: Served, made: tuple[Path, dict[str, Any]], tmp_path: Path
) -> None:
    words = ("--model", "tiny", "--steps", "3")
    for name, seed in (("same", "7"), ("other", "8")):
        painting.run("generate", PROMPT, "-o", tmp_path / f"{name}.png", "--seed", seed, *words)
    first, same, other = (
        np.asarray(Image.open(path).convert("RGB")).astype(int)
        for path in (made[0], tmp_path / "same.png", tmp_path / "other.png")
    )
    assert np.abs(first - same).mean() < np.abs(first - other).mean() / 4


def test_an_edit_names_its_source(painting: Served, made: tuple[Path, dict[str, Any]], tmp_path: Path) -> None:
    Image.new("L", (64, 64), 255).save(tmp_path / "mask.png")
    words = ("generate", "blue dog", "-o", tmp_path / "edit.png", "--model", "tiny", "--steps", "3")
    painting.run(*words, "--source", made[0], "--mask", tmp_path / "mask.png", "--strength", "0.8")
    seen = painting.json("inspect", tmp_path / "edit.png")
    (upload,) = seen["chain"]["ingredients"]
    assert (upload["relationship"], upload["state"]) == ("parentOf", "TRUSTED")


def test_every_way_of_making_is_at_hand(painting: Served, tmp_path: Path) -> None:
    Image.new("RGB", (64, 64), "black").save(tmp_path / "edges.png")
    words = ("generate", PROMPT, "--model", "tiny", "-o")
    painting.run(*words, tmp_path / "fast.png", "--mode", "fast", "--steps", "2")
    painting.run(*words, tmp_path / "edged.png", "--steps", "2", "--control", tmp_path / "edges.png")
    painting.run(*words, tmp_path / "large.png", "--steps", "2", "--size", "128", "--scheduler", "ddim")
    painting.run(*words, tmp_path / "plain.png", "--steps", "2", "--negative", "dog", "--guidance", "3.5")
    with Image.open(tmp_path / "large.png") as picture:
        assert picture.size == (128, 128)


UNFIT: list[tuple[list[str], str]] = [
    (["--model", "unknown"], "model"),
    (["--model", "tiny", "--scheduler", "unknown"], "parameters.scheduler"),
    (["--model", "tiny", "--steps", "51"], "parameters.steps"),
    (["--model", "tiny", "--size", "65"], "parameters.size"),
    (["--model", "tiny", "--negative", "dog " * 40], "negative_prompt"),
]


@pytest.mark.parametrize(("words", "field"), UNFIT)
def test_an_unfit_order_names_its_field(painting: Served, tmp_path: Path, words: list[str], field: str) -> None:
    view = painting.json("generate", PROMPT, "-o", tmp_path / "out.png", *words, code=2)
    assert (view["error"]["code"], view["error"]["field"]) == ("INVALID_ARGUMENT", field)
    assert view["error"]["limit"]
    assert not (tmp_path / "out.png").exists()


def test_ctrl_c_leaves_no_file_and_closes_the_intent(painting: Served, tmp_path: Path) -> None:
    before = painting.json("log", "intents", "--older-than", "0")
    environment = {**os.environ, "COUNTERSIGN_CONFIG": str(painting.config), "COUNTERSIGN_ADDRESS": painting.address}
    words = ["generate", PROMPT, "-o", str(tmp_path / "out.png"), "--model", "tiny", "--steps", "50"]
    words += ["--size", "512", "--previews", str(tmp_path / "looks")]
    process = subprocess.Popen([*COMMAND, *words], env=environment, stderr=subprocess.DEVNULL)
    while painting.json("log", "intents", "--older-than", "0") == before and process.poll() is None:
        time.sleep(0.05)
    process.send_signal(signal.SIGINT)
    assert process.wait(30) == 130
    while painting.json("log", "intents", "--older-than", "0") != before:
        time.sleep(0.05)
    assert not (tmp_path / "out.png").exists()


def test_the_model_is_listed_with_what_it_takes(painting: Served) -> None:
    (model,) = [each for each in painting.json("models", "list") if each["name"] == "tiny"]
    assert (model["task"], model["licence"]) == ("text_to_image", "Apache-2.0")
    assert model["inputs"] == ["control", "mask", "prompt", "source"]


@pytest.mark.parametrize(
    ("sha256", "licence", "words"),
    [("0" * 64, "Apache-2.0", "the model tiny has sha256"), ("", "Research-Only", "accept_licence")],
)
def test_a_model_of_another_digest_or_licence_keeps_the_server_from_starting(
    brought: Path, tmp_path: Path, sha256: str, licence: str, words: str
) -> None:
    config = tmp_path / "countersign.toml"
    more = configured(brought, sha256 or digest_of(brought), licence)
    config.write_text(f'[server]\naddress = "127.0.0.1:0"\ndata_dir = "{tmp_path / "data"}"\nparsers = 2\n{more}')
    command = [*COMMAND, "--config", str(config), "serve"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=180, check=False)
    assert done.returncode == 2
    assert words in done.stderr


def test_the_digest_that_pins_it_is_printed(painting: Served, brought: Path) -> None:
    assert painting.run("models", "digest", brought).strip() == digest_of(brought)
    assert json.loads(painting.run("models", "digest", brought, "--json")) == {"sha256": digest_of(brought)}
