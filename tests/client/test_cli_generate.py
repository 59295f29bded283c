"""`countersign generate`: options become fields and settings, and what comes back is written whole or not at all."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from countersign.client import Client
from countersign.v1 import generation_pb2
from tests.client.conftest import Command
from tests.client.fake_server import FakeServer

PROMPT = "three red apples left of a dog, flat style"


def test_json_is_one_object_and_the_file_is_there(server: FakeServer, command: Command, tmp_path: Path) -> None:
    server.nearest = generation_pb2.Neighbour(item="fluent:red-apple", similarity=0.75)
    out = tmp_path / "out.png"
    result = command("generate", PROMPT, "-o", out, "--seed", "7", "--json")
    assert (result.exit_code, result.stderr) == (0, "")
    view = json.loads(result.stdout)
    assert {key: view[key] for key in ("output", "decision_id", "action", "model", "seed", "nearest")} == {
        "output": str(out),
        "decision_id": "d0000",
        "action": "ALLOW",
        "model": "fake@1",
        "seed": 7,
        "nearest": {"item": "fluent:red-apple", "similarity": 0.75, "memorised": False},
    }
    assert view["receipt"]["decision_id"] == "d0000"
    assert out.read_bytes() == b"made of " + PROMPT.encode()
    asked = server.seen["Generate"][0]
    assert (asked.prompt, asked.negative_prompt, asked.model, dict(asked.parameters)) == (PROMPT, "", "", {})
    assert (asked.source, asked.mask, asked.control, asked.previews) == (b"", b"", b"", False)


def test_every_option_reaches_the_server(server: FakeServer, command: Command, tmp_path: Path) -> None:
    for name in ("source", "mask", "control"):
        (tmp_path / name).write_bytes(name.encode())
    words = ["generate", PROMPT, "-o", tmp_path / "out.png", "--negative", "blurry", "--steps", "4"]
    words += ["--guidance", "7.5", "--size", "128", "--mode", "fast", "--scheduler", "unipc", "--strength", "0.5"]
    words += ["--source", tmp_path / "source", "--mask", tmp_path / "mask", "--control", tmp_path / "control"]
    words += ["--model", "own", "--param", "tone=warm", "--label", "AI", "--purpose", "editorial", "--no-likeness"]
    assert command(*words, "--surface", "feed", "--jurisdiction", "DE", "--subject", "p1").exit_code == 0
    asked = server.seen["Generate"][0]
    assert (asked.negative_prompt, asked.model, asked.subject) == ("blurry", "own", "p1")
    assert (asked.source, asked.mask, asked.control) == (b"source", b"mask", b"control")
    assert (asked.label.text, asked.context.surface, asked.context.jurisdiction) == ("AI", "feed", "DE")
    assert asked.declarations == generation_pb2.Declarations(purpose="editorial", likeness=False)
    assert dict(asked.parameters) == {
        "steps": "4",
        "guidance": "7.5",
        "size": "128",
        "mode": "fast",
        "scheduler": "unipc",
        "strength": "0.5",
        "tone": "warm",
    }


def test_without_a_seed_there_is_a_new_one_which_is_told(server: FakeServer, command: Command, tmp_path: Path) -> None:
    for name in ("one.png", "two.png"):
        result = command("generate", PROMPT, "-o", tmp_path / name)
        assert f"seed {server.seen['Generate'][-1].seed}" in result.stdout
    first, second = (asked.seed for asked in server.seen["Generate"])
    assert first != second


def test_a_copy_of_what_the_model_learned_from_is_said_to_be_one(
    server: FakeServer, command: Command, tmp_path: Path
) -> None:
    server.nearest = generation_pb2.Neighbour(item="fluent:red-apple", similarity=0.99, memorised=True)
    result = command("generate", PROMPT, "-o", tmp_path / "out.png")
    assert "nearest in training: fluent:red-apple (0.99), so like it that it counts as a copy" in result.stdout


def test_words_that_the_model_was_not_taught_are_said_to_be_none(
    server: FakeServer, command: Command, tmp_path: Path
) -> None:
    for count, told in (
        (None, ""),
        (0, ""),
        (1, "1 word of the prompt is none"),
        (2, "2 words of the prompt are none"),
    ):
        server.unknown_words = count
        result = command("generate", PROMPT, "-o", tmp_path / f"{count}.png", "--json")
        assert json.loads(result.stdout)["unknown_words"] == count
        result = command("generate", PROMPT, "-o", tmp_path / f"{count}.png", "--force")
        assert told in result.stderr
        assert bool(result.stderr) == bool(told)


def test_a_name_that_says_another_format_is_told(server: FakeServer, command: Command, tmp_path: Path) -> None:
    assert command("generate", PROMPT, "-o", tmp_path / "out.PNG").stderr == ""
    for name in ("out.jpg", "out"):
        result = command("generate", PROMPT, "-o", tmp_path / name)
        assert f"{name} holds image/png, which its name does not say; .png would" in result.stderr.replace("\n", " ")
        assert (result.exit_code, (tmp_path / name).exists()) == (0, True)


def test_previews_are_saved_where_they_are_asked_for(server: FakeServer, command: Command, tmp_path: Path) -> None:
    folder = tmp_path / "looks"
    assert command("generate", PROMPT, "-o", tmp_path / "out.png", "--previews", folder).exit_code == 0
    assert server.seen["Generate"][0].previews
    looks = {path.name: path.read_bytes() for path in folder.iterdir()}
    assert looks == {"out_preview_1.jpg": b"look 1", "out_preview_2.jpg": b"look 2"}


def test_a_blocked_picture_is_not_written_but_its_receipt_is(command: Command, tmp_path: Path) -> None:
    out, receipt = tmp_path / "out.png", tmp_path / "receipt.json"
    result = command("generate", "BLOCK this", "-o", out, "--receipt", receipt, "--json")
    assert result.exit_code == 1
    view = json.loads(result.stdout)
    assert (view["output"], view["action"], view["nearest"]) == (None, "BLOCK", None)
    assert not out.exists()
    assert json.loads(receipt.read_text())["decision_id"] == view["decision_id"]
    assert "the decision blocks it" in result.stderr


def test_the_error_of_a_refused_order_names_prompt_field_and_limit(command: Command, tmp_path: Path) -> None:
    result = command("generate", "REFUSE this", "-o", tmp_path / "out.png", "--json")
    assert result.exit_code == 2
    view = json.loads(result.stdout)
    assert view["prompt"] == "REFUSE this"
    assert {"field", "limit", "found"} <= view["error"].keys()


@pytest.mark.parametrize(
    "words",
    [["--steps", "4", "--param", "steps=5"], ["--param", "tone"], ["--steps", "few"], ["--label-height", "0.1"]],
)
def test_malformed_settings_are_bad_usage(
    server: FakeServer, command: Command, tmp_path: Path, words: list[str]
) -> None:
    result = command("generate", PROMPT, "-o", tmp_path / "out.png", "--json", *words)
    assert (result.exit_code, result.stdout) == (2, "")
    assert not server.seen


def test_the_output_may_not_be_what_it_is_made_from(server: FakeServer, command: Command, photo: Path) -> None:
    result = command("generate", PROMPT, "-o", photo, "--mask", photo, "--force", "--json")
    assert result.exit_code == 2
    assert "is the input itself" in json.loads(result.stdout)["error"]["message"]
    assert not server.seen


def test_a_picture_that_is_not_there_is_named(server: FakeServer, command: Command, tmp_path: Path) -> None:
    result = command("generate", PROMPT, "-o", tmp_path / "out.png", "--control", tmp_path / "no.png", "--json")
    assert result.exit_code == 2
    assert "no.png does not exist" in json.loads(result.stdout)["error"]["message"]
    assert not server.seen


def test_who_stops_listening_stops_the_server(server: FakeServer, client: Client) -> None:
    class Interrupted(Exception):
        pass

    def interrupt(_stage: str, fraction: float) -> None:
        if fraction == 1.0:
            assert server.slow_started.wait(10)
            raise Interrupted

    with pytest.raises(Interrupted):
        client.generate("SLOW work", progress=interrupt)
    assert server.slow_cancelled.wait(10)


def test_previews_come_as_the_work_goes_on(client: Client) -> None:
    looks: list[tuple[bytes, float]] = []
    made = client.generate(PROMPT, preview=lambda preview: looks.append((preview.data, preview.fraction)))
    assert looks == [(b"look 1", 0.5), (b"look 2", 1.0)]
    assert made.media == b"made of " + PROMPT.encode()


def test_an_answer_that_is_not_its_digest_leaves_nothing(server: FakeServer, command: Command, tmp_path: Path) -> None:
    server.wrong_digest = True
    result = command("generate", PROMPT, "-o", tmp_path / "out.png", "--json")
    assert result.exit_code == 1
    assert json.loads(result.stdout)["error"]["code"] == "DATA_LOSS"
    assert not (tmp_path / "out.png").exists()
