"""A pool gives every step the same batch, in whatever order it is asked, and each scene once a turn."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from diffusers import AutoencoderKL

from training.scenes.latents import LatentPool, encode
from training.scenes.source import Source


@pytest.fixture(scope="module")
def coder() -> AutoencoderKL:
    torch.manual_seed(1)
    kinds = 4
    return (
        AutoencoderKL(
            down_block_types=["DownEncoderBlock2D"] * kinds,
            up_block_types=["UpDecoderBlock2D"] * kinds,
            block_out_channels=[8] * kinds,
            layers_per_block=1,
            latent_channels=4,
            norm_num_groups=4,
            mid_block_add_attention=False,
            scaling_factor=0.5,
        )
        .eval()
        .requires_grad_(False)
    )


def pool(source: Source, coder: AutoencoderKL) -> LatentPool:
    return LatentPool(source, coder, size=12, batch=4)


def test_a_resumed_pool_gives_what_an_uninterrupted_one_would(source: Source, coder: AutoencoderKL) -> None:
    whole = pool(source, coder)
    wanted = [whole(step) for step in range(7)]
    resumed = pool(source, coder)
    for step in (5, 6, 2):
        batch = resumed(step)
        assert batch.captions == wanted[step].captions
        assert batch.scenes == wanted[step].scenes
        # What is coded together is not the same, and half the digits of single precision are rounded.
        torch.testing.assert_close(batch.latents, wanted[step].latents, atol=0.02, rtol=0.02)


def test_each_turn_holds_every_scene_once_in_another_order_and_other_words(
    source: Source, coder: AutoencoderKL
) -> None:
    batches = [pool(source, coder)(step) for step in range(6)]
    turns = [np.concatenate([batch.indices for batch in batches[start : start + 3]]) for start in (0, 3)]
    assert [sorted(turn) for turn in turns] == [list(range(12))] * 2
    assert list(turns[0]) != list(turns[1])
    captions = [[text for batch in batches[start : start + 3] for text in batch.captions] for start in (0, 3)]
    assert set(captions[0]) != set(captions[1])


def test_latents_captions_scenes_and_boxes_belong_together(source: Source, coder: AutoencoderKL) -> None:
    batch = pool(source, coder)(4)
    assert batch.latents.shape == (4, 4, 8, 8)
    assert batch.latents.dtype == torch.float32
    for index, scene, boxes, text, latents in zip(
        batch.indices, batch.scenes, batch.boxes, batch.captions, batch.latents, strict=True
    ):
        assert scene == source.scene(int(index))
        assert boxes == source.example(int(index)).boxes
        assert text == source.caption(scene, int(index), 1)
        alone = encode(coder, source.example(int(index)).picture[None])[0]
        # Half precision, and sums in another order than in a batch.
        assert torch.allclose(latents, alone, atol=0.05 * float(alone.abs().max()))


def test_a_batch_is_the_same_inside_the_loops_autocast(source: Source, coder: AutoencoderKL) -> None:
    wanted = pool(source, coder)(0)
    with torch.autocast("cpu", torch.bfloat16):
        batch = pool(source, coder)(0)
    assert batch.latents.dtype == torch.float32
    assert torch.equal(batch.latents, wanted.latents)


def test_latents_are_scaled(source: Source, coder: AutoencoderKL) -> None:
    picture = source.example(0).picture[None]
    scaled = encode(coder, picture)
    coder.register_to_config(scaling_factor=1.0)
    try:
        assert torch.allclose(scaled * 2, encode(coder, picture))
    finally:
        coder.register_to_config(scaling_factor=0.5)


def test_a_pool_is_whole_batches(source: Source, coder: AutoencoderKL) -> None:
    with pytest.raises(ValueError, match="a pool of 13 is not whole batches of 4"):
        LatentPool(source, coder, size=13, batch=4)
