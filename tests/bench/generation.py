"""What a picture costs: as served, beside stock diffusers with the same weights and solver, each in a fresh process."""

from __future__ import annotations

import multiprocessing
import os
import resource
import tempfile
import time
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from rich.console import Console
from rich.table import Table

from core.weight_folder import PinnedFolder, read_folders
from generators.base import Card, Job, Value
from generators.diffusion import shipped
from generators.diffusion.offer import FAST, MAX_FAST_STEPS, QUALITY
from tests.generators import tiny_diffusion

WEIGHTS = Path(__file__).parents[2] / "generators" / "weights"
NAME = "text_to_image"
_STEPS = {QUALITY: 20, FAST: MAX_FAST_STEPS}
_BATCHES = (1, 8)
_GUIDANCE = 5.0
_ROUNDS = 4
_PROMPT = "three red apples left of a dog, flat style"
Paint = Callable[[int], object]


@dataclass(frozen=True, slots=True)
class Cost:
    """wall, processor: median seconds a picture. peak: of the process that made them, MiB."""

    wall: float
    processor: float
    peak: float


def bench(console: Console) -> None:
    """20 steps and few steps, one picture and eight at a time, as served and stock."""
    with _weights() as weights:
        table = Table(title=f"Text to image, {weights.name}, 64 px, {_device()}", title_justify="left")
        for heading in (
            "mode",
            "batch",
            "served s/image",
            "stock s/image",
            "of stock",
            "CPU s",
            "stock CPU s",
            "peak MiB",
        ):
            table.add_column(heading, justify="left" if heading == "mode" else "right")
        for mode in (QUALITY, FAST) if _has_fast(weights) else (QUALITY,):
            for batch in _BATCHES:
                own, stock = (_apart(what, weights, mode, batch) for what in (_served, _stock))
                table.add_row(
                    f"{mode}, {_STEPS[mode]} steps",
                    str(batch),
                    f"{own.wall:.3f}",
                    f"{stock.wall:.3f}",
                    f"{own.wall / stock.wall:.2f}",
                    f"{own.processor:.3f}",
                    f"{stock.processor:.3f}",
                    f"{own.peak:.0f}, {stock.peak:.0f}",
                )
        console.print(table)
        if _has_fast(weights):
            with multiprocessing.get_context("spawn").Pool(1) as pool:
                for batch, ratio in zip(_BATCHES, pool.apply(_few_steps, (weights,)), strict=True):
                    console.print(f"few steps, {batch} at a time: {ratio:.2f} times less processor time than 20 steps")


def _few_steps(weights: PinnedFolder) -> list[float]:
    """For each of `_BATCHES`, processor time of 20 steps over that of few, as served, on one thread and in turns: the
    clock of a busy machine tells little, and neither do two processes that it was busy for differently.
    """
    warnings.simplefilter("ignore")
    torch.set_num_threads(1)
    painters = [_served(weights, mode) for mode in (QUALITY, FAST)]
    ratios = []
    for batch in _BATCHES:
        spent = [[_processor(paint, batch) for paint in painters] for _ in range(_ROUNDS)][1:]
        whole, few = np.median(spent, axis=0)
        ratios.append(float(whole / few))
    return ratios


def _processor(paint: Paint, batch: int) -> float:
    started = time.process_time()
    paint(batch)
    return time.process_time() - started


@contextmanager
def _weights() -> Iterator[PinnedFolder]:
    """The shipped model, or one of noise and of another size where none ships."""
    known = read_folders(WEIGHTS / "weights.toml")
    if NAME in known:
        yield known[NAME]
        return
    with tempfile.TemporaryDirectory() as folder:
        tiny_diffusion.pin(Path(folder), "tiny", fast=True)
        yield read_folders(Path(folder) / "weights.toml")["tiny"]


def _apart(what: Callable[[PinnedFolder, str], Paint], weights: PinnedFolder, mode: str, batch: int) -> Cost:
    """In a process of its own, whose peak of memory is that of nothing else."""
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        return pool.apply(_cost, (what, weights, mode, batch))


def _cost(what: Callable[[PinnedFolder, str], Paint], weights: PinnedFolder, mode: str, batch: int) -> Cost:
    warnings.simplefilter("ignore")
    torch.set_num_threads(os.cpu_count() or 1)
    paint = what(weights, mode)
    spent = []
    for _ in range(_ROUNDS):
        wall, processor = time.perf_counter(), time.process_time()
        paint(batch)
        spent.append((time.perf_counter() - wall, time.process_time() - processor))
    # The first round warms up.
    wall, processor = np.median(spent[1:], axis=0) / batch
    return Cost(float(wall), float(processor), resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)


def _served(weights: PinnedFolder, mode: str) -> Paint:
    generator = shipped.load(weights, Card("", "", "", ""), _device())
    settings: dict[str, Value] = {"steps": _STEPS[mode], "guidance": _GUIDANCE}
    settings |= {"mode": mode} if mode == FAST else {}

    def paint(batch: int) -> object:
        jobs = [Job(None, prompt=_PROMPT, seed=seed, parameters=settings) for seed in range(batch)]
        return generator.generate(jobs, lambda _: None, lambda: False)

    return paint


def _stock(weights: PinnedFolder, mode: str) -> Paint:
    from diffusers import DPMSolverMultistepScheduler, LCMScheduler, StableDiffusionPipeline, UNet2DConditionModel
    from diffusers.utils import logging

    logging.disable_progress_bar()
    dtype = torch.float16 if _device() == "cuda" else torch.float32
    parts: dict[str, Any] = {"safety_checker": None, "requires_safety_checker": False, "torch_dtype": dtype}
    if mode == FAST:
        parts["unet"] = UNet2DConditionModel.from_pretrained(weights.path / "unet_fast", torch_dtype=dtype)
    pipeline = StableDiffusionPipeline.from_pretrained(weights.path, local_files_only=True, **parts).to(_device())
    solver = LCMScheduler if mode == FAST else DPMSolverMultistepScheduler
    pipeline.scheduler = solver.from_config(pipeline.scheduler.config, clip_sample=False)
    pipeline.set_progress_bar_config(disable=True)

    def paint(batch: int) -> object:
        noise = [torch.Generator().manual_seed(seed) for seed in range(batch)]
        return pipeline(
            [_PROMPT] * batch, num_inference_steps=_STEPS[mode], guidance_scale=_GUIDANCE, generator=noise
        ).images

    return paint


def _has_fast(weights: PinnedFolder) -> bool:
    return any(file.startswith("unet_fast/") for file in weights.files)


def _device() -> str:
    return "cuda" if torch.cuda.is_available() else "cpu"
