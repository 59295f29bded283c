"""`countersign models convert FILE -o OUT`: a restoration checkpoint that torch pickled, as safetensors.

The pickle is read by a worker of the sandbox and by nothing else. What comes back are tensors, which are looked at here
only to say what they are.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import re
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from countersign.cli.files import refuse_output, write_atomically
from countersign.cli.making import Force
from countersign.cli.session import AsJson
from countersign.cli.text import say, say_json
from countersign.uploads import usable_size
from server.cli.operating import operating

if TYPE_CHECKING:
    from core.media import View

PARSER = "checkpoint"
_GIB = 1 << 30
_SECONDS = 300.0


@dataclass(frozen=True, slots=True)
class Converted:
    """What was made. tensors, left_out: how many there are, and how many values were none. configuration: TOML."""

    output: str
    sha256: str
    architecture: str
    scale: int
    tensors: int
    left_out: int
    configuration: str


def convert(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A checkpoint that torch saved: .pth, .pt, .ckpt.")],
    output: Annotated[Path, typer.Option("-o", "--output", help="Where the safetensors file goes.")],
    force: Force = False,
    as_json: AsJson = False,
) -> None:
    """Make safetensors of a pickled checkpoint, confined so that nothing in it can do anything; print its pin."""
    with operating(as_json=as_json):
        usable_size(file)
        refuse_output(output, force=force, source=file)
        from safetensors.torch import load

        from generators.restoration import recognised

        view = asyncio.run(unpickled(file.read_bytes()))
        network = recognised(load(view.file), file.name)
        write_atomically(output, view.file, force=force)
    digest, kind = hashlib.sha256(view.file).hexdigest(), network.architecture.name
    lines = configuration(output, digest, network.scale)
    tensors, left_out = int(view.facts["tensors"]), int(view.facts["left_out"])
    made = Converted(str(output), digest, kind, network.scale, tensors, left_out, lines)
    if as_json:
        say_json(asdict(made))
        return
    say(f"{output}: {kind}, ×{made.scale}, {tensors} tensors, sha256:{digest}", "", lines)


async def unpickled(data: bytes) -> View:
    """The checkpoint as safetensors, by one confined worker that lives for it alone. Raises as `Sandbox.call` does."""
    from core.limits import Limits
    from core.sandbox import Sandbox

    limits = Limits(max_bytes=4 * _GIB, max_memory=24 * _GIB, max_seconds=_SECONDS)
    async with await Sandbox.start({PARSER: "generators.unpickling:parse"}, limits, workers=1) as sandbox:
        return await sandbox.call(PARSER, [data])


def configuration(output: Path, digest: str, scale: int) -> str:
    """The table to paste into `countersign.toml`; what only a person can say is left to be filled in."""
    name = re.sub("[^a-z0-9]+", "_", output.stem.lower()).strip("_")
    lines = [
        "[[server.models]]",
        f"name = {json.dumps(name if re.fullmatch('[a-z][a-z0-9_]{1,63}', name) else f'own_{name}'[:64])}",
        'kind = "spandrel"',
        f"path = {json.dumps(str(output.resolve()))}",
        f'sha256 = "{digest}"',
        'licence = ""  # the one that its makers gave it',
        "perceptual = true  # false only where it was trained to be near, not to please",
    ]
    if scale == 1:
        lines.append('task = ""  # what it does: denoise, deblur, …')
    return "\n".join(lines)


def register(group: typer.Typer) -> None:
    """Adds the command to the group `models`."""
    group.command("convert")(convert)
