"""What embedding and reading the watermark cost, a megapixel; one thread, and the GPU where there is one."""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial

import cv2
import numpy as np
import torch
from PIL import Image
from rich.console import Console
from rich.table import Table

from core.media import Pixels
from core.watermark.weights import shipped
from detectors.watermark.reader import Reader
from generators.marking.watermark import Embedder
from tests.detectors.making import PHOTOGRAPHS

SIZES = ((512, 512), (1024, 768), (4000, 3000))
_ROUNDS = 5


def bench(console: Console) -> None:
    """Embedding, reading a mark, and finding none, which takes longest."""
    torch.set_num_threads(1)
    cv2.setNumThreads(1)
    table = Table(title="Watermark, one thread", title_justify="left")
    for heading in ("device", "picture", "embed ms", "read ms", "none found ms", "embed s/MP", "read s/MP"):
        table.add_column(heading, justify="left" if heading == "device" else "right")
    for device in ("cpu", "cuda") if torch.cuda.is_available() else ("cpu",):
        embedder, reader = Embedder.load(shipped(), device), Reader.load(shipped(), device)
        for width, height in SIZES:
            plain = _picture(width, height)
            marked = embedder.embed(plain, 1).pixels
            work = (partial(embedder.embed, plain, 1), partial(reader.read, marked), partial(reader.read, plain))
            embed, read, none = (_seconds(each) for each in work)
            area = width * height / 1e6
            cells = [f"{1000 * spent:.0f}" for spent in (embed, read, none)]
            table.add_row(device, f"{width}×{height}", *cells, f"{embed / area:.2f}", f"{read / area:.2f}")
    console.print(table)


def _picture(width: int, height: int) -> Pixels:
    with Image.open(PHOTOGRAPHS / "jaguars.jpg") as picture:
        return np.asarray(picture.convert("RGB").resize((width, height), Image.Resampling.LANCZOS), dtype=np.uint8)


def _seconds(work: Callable[[], object]) -> float:
    """Median processor time of one call (a GPU's work is waited for, so it counts what the processor waits)."""
    spent = []
    for _ in range(_ROUNDS):
        began = time.process_time()
        work()
        spent.append(time.process_time() - began)
    return float(np.median(spent[1:]))
