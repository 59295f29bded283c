"""`countersign enhance FILE… -o OUT`: uploads improved, screened, signed and recorded before they are written.

One file goes to OUT. Of several, OUT is the folder that their results go to; so are `--receipt`, `--comparison` and
`--risk-map`. By the task misr several files become one: pictures of the same scene, the first of which says how the
result lies.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from enum import StrEnum
from pathlib import Path
from typing import Annotated, TypeAlias

import typer

from countersign.cli import labels, making
from countersign.cli.batch import Batch, Outcome, gravest
from countersign.cli.files import make_folder
from countersign.cli.progress import Bars
from countersign.cli.session import AsJson, Jurisdiction, Subject, Surface, connect, context_of
from countersign.cli.tables import enhancements_table
from countersign.cli.text import reporting, say, say_json
from countersign.client import Client
from countersign.errors import CountersignError
from countersign.results import Made, StageProgress
from countersign.v1.generation_pb2 import Declarations

MISR = "misr"
"""The task that makes one picture of several."""
Ask: TypeAlias = Callable[[Client, Sequence[Path], StageProgress], Made]
"""Has one file improved as the command says, with the further files of its burst."""


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
        list[Path], typer.Argument(metavar="FILE…", help="Images of at most 32 MiB each, or together by misr.")
    ],
    output: Annotated[
        Path,
        typer.Option("-o", "--output", help="Where the signed result goes; a folder where there are several results."),
    ],
    task: Annotated[
        str,
        typer.Option(
            help="What to do: upscale, denoise, deblur, sharpen, contrast, misr, auto; see `countersign models list`."
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
    comparison: making.Comparison = None,
    risk_map: making.RiskMap = None,
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
    """Improve images. Each comes back signed and recorded, or not at all. Ctrl-C stops the work."""
    parameters = making.parameters_of(param or [])
    drawn = labels.label_of(label, label_mark, label_placement, label_height)
    companions = making.companions_of(comparison, risk_map)

    def ask(client: Client, together: Sequence[Path], progress: StageProgress) -> Made:
        return client.enhance(
            together[0],
            task,
            model=model,
            parameters=parameters,
            seed=seed,
            context=context_of(surface, jurisdiction),
            subject=subject,
            declarations=Declarations(purpose=purpose, likeness=likeness, consent=consent),
            label=drawn,
            burst=together[1:],
            private=private,
            output_mime_type=f"image/{output_format}" if output_format else "",
            companions=companions,
            progress=progress,
        )

    if len(files) == 1 or task == MISR:
        targets = making.Targets(output, receipt, force, companions)
        enhance_one(ctx, ask, files, targets, as_json=as_json, private=private)
    else:
        enhance_all(ctx, ask, Batch(files, output, receipt, companions, force), as_json=as_json)


def enhance_one(
    ctx: typer.Context, ask: Ask, files: Sequence[Path], targets: making.Targets, *, as_json: bool, private: bool
) -> None:
    """One result of one file or of a burst, under the name that was given. private: what its metadata lack is told."""
    with reporting(as_json, file=str(files[0])):
        targets.refuse_unfit(files)
        with connect(ctx) as client, Bars() as bars:
            made = ask(client, files, bars.working(files[0].name))
        view = targets.write(made)
    making.tell(view, targets.output, as_json=as_json)
    if as_json:
        return
    if view["plan"]:
        say(f"chosen: {view['plan']}")
    if private:
        say(f"left out: {', '.join(view['left_out']) or 'nothing, there was nothing of the kind'}")


def enhance_all(ctx: typer.Context, ask: Ask, batch: Batch, *, as_json: bool) -> None:
    """Several files, into a folder. Raises typer.Exit with the gravest code among them."""
    try:
        for folder in (batch.folder, batch.receipts, *batch.companions.values()):
            if folder:
                make_folder(folder)
        with connect(ctx) as client, Bars() as bars:
            outcomes = list(batch.run(lambda file, progress: ask(client, [file], progress), bars))
    except CountersignError as error:
        # Nothing could be tried; the promise of one object a file holds all the same.
        outcomes = [Outcome(file, error=error) for file in batch.sources]
    views = [outcome.json() for outcome in outcomes]
    if as_json:
        say_json(views)
    else:
        say(enhancements_table(views))
    raise typer.Exit(gravest(outcomes))


def register(app: typer.Typer) -> None:
    """Adds the command."""
    app.command("enhance")(enhance)
