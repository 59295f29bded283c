"""What a run made is written in half precision, in files that a repository can hold, and says how it came to be."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file
from transformers import CLIPTextConfig, CLIPTextModel

from training.harness.export import MADE, Sources, read_made, save_model

SOURCES = Sources(
    *("tiny.yaml", "sha256:1", "balanced"),
    seed=3,
    steps=7,
    batch=2,
    seconds=9,
    budget_seconds=9.0,
    threads=1,
    device="cpu",
)


def model(width: int) -> CLIPTextModel:
    torch.manual_seed(1)
    return CLIPTextModel(
        CLIPTextConfig(
            vocab_size=1000,
            hidden_size=width,
            intermediate_size=4 * width,
            num_hidden_layers=3,
            num_attention_heads=2,
            max_position_embeddings=8,
        )
    )


@pytest.mark.parametrize(("width", "files"), [(32, 1), (768, 4)])
def test_no_file_is_larger_than_a_repository_holds(tmp_path: Path, width: int, files: int) -> None:
    made = model(width)
    save_model(tmp_path / "made", made, SOURCES, {})
    shards = sorted((tmp_path / "made").glob("*.safetensors"))
    assert len(shards) >= files
    assert (len(shards) > 1) == (tmp_path / "made" / "model.safetensors.index.json").exists()
    assert all(path.stat().st_size <= 15_000_000 + 4096 for path in shards)
    stored = {name: value for path in shards for name, value in load_file(path).items()}
    assert {value.dtype for value in stored.values()} == {torch.float16}
    again = CLIPTextModel.from_pretrained(tmp_path / "made", local_files_only=True, torch_dtype=torch.float32)
    ids = torch.arange(8)[None]
    with torch.no_grad():
        wanted, found = made.eval()(ids).last_hidden_state, again.eval()(ids).last_hidden_state
    assert torch.allclose(found, wanted, atol=0.02)
    # What was saved goes on being trained: it is not halved itself.
    assert {value.dtype for value in made.parameters()} == {torch.float32}


def test_how_it_came_to_be_stands_beside_it(tmp_path: Path) -> None:
    save_model(tmp_path / "made", model(8), SOURCES, {"psnr": 21.5})
    made = read_made(tmp_path / "made")
    assert made["measured"] == {"psnr": 21.5}
    assert made["training"]["recipe_digest"] == "sha256:1"
    assert made["training"]["steps"] == 7


def test_a_folder_is_replaced_whole(tmp_path: Path) -> None:
    save_model(tmp_path / "made", model(8), SOURCES, {})
    (tmp_path / "made" / "stale.safetensors").write_bytes(b"of a larger model before")
    (tmp_path / "made.partial").mkdir()
    (tmp_path / "made.partial" / "cut").write_bytes(b"of a run that was cut")
    save_model(tmp_path / "made", model(8), SOURCES, {"psnr": 1.0})
    assert not (tmp_path / "made" / "stale.safetensors").exists()
    assert not (tmp_path / "made" / "cut").exists()
    assert read_made(tmp_path / "made")["measured"] == {"psnr": 1.0}
    assert sorted(path.name for path in tmp_path.iterdir()) == ["made"]
    assert (tmp_path / "made" / MADE).is_file()
