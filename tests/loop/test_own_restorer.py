"""An operator's own restoration network, from its settings to signed files: nothing here is faked but its training."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from safetensors.torch import save_file

from server.demo import files
from tests.generators.networks import compact
from tests.loop.conftest import Served, start
from tests.provenance.conftest import opinion_of


@pytest.fixture(scope="module")
def owned(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    folder = tmp_path_factory.mktemp("owned")
    path = folder / "house.safetensors"
    save_file(compact(2).state_dict(), path)
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    table = f'[[server.models]]\nname = "house"\nkind = "spandrel"\npath = "{path}"\nsha256 = "{digest}"\n'
    running = start(folder, table + 'licence = "CC-BY-NC-4.0"\naccept_licence = "CC-BY-NC-4.0"\n')
    yield running
    running.stop()
    if running.process.stdout:
        running.process.stdout.close()


@pytest.fixture(scope="module")
def made(owned: Served, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[Any]]:
    """Two pictures in one command, with everything that may come beside them."""
    folder = tmp_path_factory.mktemp("made")
    for name in ("one.jpg", "two.jpg"):
        (folder / name).write_bytes(files.small())
    beside = [word for name in ("comparison", "risk-map") for word in (f"--{name}", folder / name)]
    words = ("enhance", folder / "one.jpg", folder / "two.jpg", "-o", folder / "out", "--task", "upscale")
    return folder, owned.json(*words, "--model", "house", *beside)


def test_it_is_listed_with_its_licence_and_what_is_believed_of_it(owned: Served) -> None:
    (model,) = [each for each in owned.json("models", "list") if each["name"] == "house"]
    assert (model["task"], model["licence"]) == ("upscale", "CC-BY-NC-4.0")
    assert "invents" in model["card"]


def test_every_output_says_that_a_generative_model_worked_on_it_and_how_steadily(
    owned: Served, made: tuple[Path, list[Any]]
) -> None:
    folder, answers = made
    assert [Path(each["output"]).name for each in answers] == ["one.jpg", "two.jpg"]
    for answer in answers:
        assert answer["fidelity"]["risk_spread"] > 0
        assert answer["fidelity"]["risk_max"] >= 0
    seen = owned.json("inspect", folder / "out" / "one.jpg")
    assert seen["state"] == "TRUSTED"
    worked = [each for each in seen["chain"]["actions"] if each["digital_source_type"]]
    assert [each["digital_source_type"].rpartition("/")[2] for each in worked] == [
        "compositeWithTrainedAlgorithmicMedia"
    ]


@pytest.mark.parametrize("name", ["comparison", "risk-map"])
def test_what_explains_an_output_is_trusted_by_us_and_by_a_reader_that_shares_no_code_with_ours(
    owned: Served, made: tuple[Path, list[Any]], name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, answers = made
    path = folder / name / f"one.jpg.{name}.png"
    (told,) = [each for each in answers[0]["companions"] if each["output"] == str(path)]
    assert told["digest"] == "sha256:" + hashlib.sha256(path.read_bytes()).hexdigest()
    monkeypatch.setenv("ENCYPHER_C2PA_CONFIG_DIR", str(folder))
    root = (owned.data_dir / "provenance/root.pem").read_text()
    opinion = opinion_of(path.read_bytes(), "image/png", root)
    assert (opinion.intact, opinion.trusted) == (True, True), opinion
    seen = owned.json("inspect", path)
    assert seen["state"] == "TRUSTED"
    assert [each["relationship"] for each in seen["chain"]["ingredients"]] == ["componentOf"] * 2
    states = {each["state"] for each in seen["chain"]["ingredients"]}
    assert states == {"NONE", "TRUSTED"}, "the upload, which has no credentials, and the output"


def test_the_record_names_them_by_digest_and_the_log_is_sound(owned: Served, made: tuple[Path, list[Any]]) -> None:
    folder, (answer, _) = made
    entry = json.loads(answer["receipt"]["entry"])
    told = entry["making"]["companions"]
    assert {each["digest"] for each in told.values()} == {each["digest"] for each in answer["companions"]}
    with Image.open(folder / "one.jpg") as upload, Image.open(folder / "risk-map" / "one.jpg.risk-map.png") as drawn:
        assert drawn.size == upload.size
    owned.run("log", "fsck")
