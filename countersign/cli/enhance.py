"""`countersign enhance FILE -o OUT`: an upload improved, screened, signed and recorded before it is written.

By the task misr several files become one: pictures of the same scene, the first of which says how the result lies.
"""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from countersign.cli import labels, making
from countersign.cli.progress import Bars
from countersign.cli.session import AsJson, Jurisdiction, Subject, Surface, connect, context_of
from countersign.cli.text import reporting, say
from countersign.v1.generation_pb2 import Declarations

MISR = "misr"
"""The task that makes one picture of several."""


class Format(StrEnum):
    """Formats that the server writes."""

    JPEG = "jpeg"
    PNG = "png"
    TIFF = "tiff"
    WEBP = "webp"
    AVIF = "avif"


def enhance(
    ctx: typer.Context,
    files: Annotated[
        list[Path], typer.Argument(metavar="FILE…", help="An image of at most 32 MiB; several for the task misr.")
    ],
    output: making.Output,
    task: Annotated[
        str,
        typer.Option(
            help="What to do: upscale, denoise, sharpen, contrast, misr, auto; see `countersign models list`."
        ),
    ],
    model: making.Model = "",
    param: making.Param = None,
    seed: Annotated[int, typer.Option(help="For models that draw random numbers.")] = 0,
    private: Annotated[
        bool, typer.Option("--private", help="Leave out of the metadata where and by which device it was made.")
    ] = False,
    output_format: Annotated[
        Format | None, typer.Option("--format", help="Of the output; by default the file's own.")
    ] = None,
    label: labels.Text = "",
    label_mark: labels.Sign = None,
    label_placement: labels.Where = None,
    label_height: labels.Height = None,
    receipt: making.Receipt = None,
    force: making.Force = False,
    as_json: AsJson = False,
    surface: Surface = "",
    jurisdiction: Jurisdiction = "",
    subject: Subject = "",
    purpose: making.Purpose = "",
    likeness: making.Likeness = None,
    consent: making.Consent = None,
) -> None:
    """Improve an image. It comes back signed and recorded, or not at all."""
    parameters = making.parameters_of(param or [])
    drawn = labels.label_of(label, label_mark, label_placement, label_height)
    targets = making.Targets(output, receipt, force)
    file, burst = files[0], files[1:]
    if burst and task != MISR:
        raise typer.BadParameter(f"several files become one by --task {MISR} alone", param_hint="FILE…")
    with reporting(as_json, file=str(file)):
        targets.refuse_unfit(files)
        with connect(ctx) as client, Bars() as bars:
            made = client.enhance(
                file,
                task,
                model=model,
                parameters=parameters,
                seed=seed,
                context=context_of(surface, jurisdiction),
                subject=subject,
                declarations=Declarations(purpose=purpose, likeness=likeness, consent=consent),
                label=drawn,
                private=private,
                output_mime_type=f"image/{output_format}" if output_format else "",
                burst=burst,
                progress=bars.working(file.name),
            )
        view = targets.write(made)
    making.tell(view, output, as_json=as_json)
    if as_json:
        return
    if view["plan"]:
        say(f"chosen: {view['plan']}")
    if private:
        say(f"left out: {', '.join(view['left_out']) or 'nothing, there was nothing of the kind'}")


def register(app: typer.Typer) -> None:
    """Adds the command."""
    app.command("enhance")(enhance)
