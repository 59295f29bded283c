"""Pickled checkpoints in the sandbox: tensors come out, and nothing else happens."""

from __future__ import annotations

import io
import os
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
import torch
from safetensors.torch import load
from torch import nn

from core.errors import CorruptMedia, InvalidInput
from core.limits import Limits
from core.sandbox import Sandbox
from tests.generators.networks import compact, grey_denoiser

PARSER = "checkpoint"
pytestmark = pytest.mark.asyncio(loop_scope="module")


class Hostile:
    """Runs a command where it is unpickled."""

    def __init__(self, mark: Path) -> None:
        self._mark = mark

    def __reduce__(self) -> tuple[Any, ...]:
        return os.system, (f"touch {self._mark}",)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def sandbox() -> AsyncIterator[Sandbox]:
    limits = Limits(max_memory=16 << 30, max_seconds=60)
    async with await Sandbox.start({PARSER: "generators.unpickling:parse"}, limits, workers=1) as started:
        yield started


def pickled(value: object, *, zipped: bool = True) -> bytes:
    file = io.BytesIO()
    torch.save(value, file, _use_new_zipfile_serialization=zipped)
    return file.getvalue()


@pytest.mark.parametrize("zipped", [True, False])
@pytest.mark.parametrize(
    ("wrap", "left_out"),
    [
        (lambda state: state, 0),
        (lambda state: {"params_ema": state, "iter": 7}, 0),
        (lambda state: {"state_dict": {f"module.{name}": value for name, value in state.items()}}, 0),
        (lambda state: state | {"epoch": 3, "words": ["a"]}, 2),
    ],
)
async def test_the_tensors_come_out_of_whatever_a_training_wrapped_them_in(
    sandbox: Sandbox, wrap: Any, left_out: int, zipped: bool
) -> None:
    state = grey_denoiser().state_dict()
    view = await sandbox.call(PARSER, [pickled(wrap(dict(state)), zipped=zipped)])
    found = load(view.file)
    assert view.facts == {"tensors": len(state), "left_out": left_out}
    assert found.keys() == state.keys()
    assert all(torch.equal(found[name], value) for name, value in state.items())


async def test_tensors_that_share_memory_are_told_apart(sandbox: Sandbox) -> None:
    tied = torch.arange(12.0)
    state = {"a": tied, "b": tied, "part": tied[3:7], "turned": tied.reshape(3, 4).T}
    found = load((await sandbox.call(PARSER, [pickled(state)])).file)
    assert all(torch.equal(found[name], value) for name, value in state.items())


async def test_what_holds_more_than_tensors_is_refused_and_not_run(sandbox: Sandbox, tmp_path: Path) -> None:
    for value in ({"params": Hostile(tmp_path / "mark")}, compact(2), nn.Linear(2, 2)):
        with pytest.raises(InvalidInput, match="would run code") as refusal:
            await sandbox.call(PARSER, [pickled(value)])
        assert refusal.value.field == "checkpoint"
    assert not os.listdir(tmp_path)  # noqa: PTH208 - in a coroutine


async def test_what_holds_no_tensors_and_what_is_no_checkpoint_is_refused(sandbox: Sandbox) -> None:
    for value in ({"a": 1}, [1, 2], {}, torch.zeros(3)):
        with pytest.raises(InvalidInput, match="no tensors"):
            await sandbox.call(PARSER, [pickled(value)])
    whole = pickled(compact(2).state_dict())
    for data in (b"garbage", b"PK\x03\x04", b"\x80\x02", whole[:-40], whole[: len(whole) // 2]):
        with pytest.raises((CorruptMedia, InvalidInput)):
            await sandbox.call(PARSER, [data])
