"""`countersign enhance FILE -o OUT`: an upload improved, screened, signed and recorded before it is written.

When the decision blocks the result nothing is written and the exit code is 1; the receipt is still saved, for it
proves that decision.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from countersign.cli import labels
from countersign.cli.exits import ExitCode
from countersign.cli.files import refuse_output, write_atomically, write_json
from countersign.cli.progress import Bars
from countersign.cli.session import AsJson, Jurisdiction, Subject, Surface, connect, context_of
from countersign.cli.tables import reasons_text
from countersign.cli.text import complain, reporting, say, say_json, short
from countersign.receipts import receipt_json
from countersign.v1.generation_pb2 import Declarations
from countersign.views import enhancement_json


def enhance(
    ctx: typer.Context,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="An image of at most 32 MiB.")],
    output: Annotated[Path, typer.Option("-o", "--output", help="Where the signed result goes.")],
    task: Annotated[str, typer.Option(help="What to do: upscale, denoise; see `countersign models list`.")],
    model: Annotated[str, typer.Option(help="A model by name; by default the task's own.")] = "",
    param: Annotated[list[str] | None, typer.Option(metavar="NAME=VALUE", help="A setting of the model.")] = None,
    seed: Annotated[int, typer.Option(help="For models that draw random numbers.")] = 0,
    label: labels.Text = "",
    label_mark: labels.Sign = None,
    label_placement: labels.Where = None,
    label_height: labels.Height = None,
    receipt: Annotated[Path | None, typer.Option(help="Save the receipt here.")] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace existing output files.")] = False,
    as_json: AsJson = False,
    surface: Surface = "",
    jurisdiction: Jurisdiction = "",
    subject: Subject = "",
    purpose: Annotated[str, typer.Option(help="Declare what it is for, in a word: editorial, medical, …")] = "",
    likeness: Annotated[
        bool | None, typer.Option("--likeness/--no-likeness", help="Declare whether it shows a real person.")
    ] = None,
    consent: Annotated[
        bool | None, typer.Option("--consent/--no-consent", help="Declare whether everybody it shows agreed.")
    ] = None,
) -> None:
    """Improve an image. It comes back signed and recorded, or not at all."""
    parameters = parameters_of(param or [])
    drawn = labels.label_of(label, label_mark, label_placement, label_height)
    if receipt and receipt.resolve() == output.resolve():
        raise typer.BadParameter("--output and --receipt name the same file")
    with reporting(as_json, file=str(file)):
        for target in (output, receipt):
            if target:
                refuse_output(target, force=force, source=file)
        with connect(ctx) as client, Bars() as bars:
            enhancement = client.enhance(
                file,
                task,
                model=model,
                parameters=parameters,
                seed=seed,
                context=context_of(surface, jurisdiction),
                subject=subject,
                declarations=Declarations(purpose=purpose, likeness=likeness, consent=consent),
                label=drawn,
                progress=bars.working(file.name),
            )
        view = enhancement_json(str(output) if enhancement.media is not None else None, enhancement)
        if receipt:
            write_json(receipt, receipt_json(enhancement.result.receipt), force=force)
        if enhancement.media is not None:
            write_atomically(output, enhancement.media, force=force)
    if as_json:
        say_json(view)
    if enhancement.media is None:
        support = view["blocked"]["support_id"] if view["blocked"] else view["decision_id"]
        reasons = reasons_text(view["reasons"])
        complain(f"{output} was not written, the decision blocks it:\n{reasons}\nFor support: {support}")
        raise typer.Exit(ExitCode.CHECK_FAILED)
    if not as_json:
        say(f"{output}: {view['action']}, by {short(view['model'])}, log index {view['receipt']['log_index']}")


def parameters_of(pairs: list[str]) -> dict[str, str]:
    """{"scale": "4"} of ["scale=4"]. Raises typer.BadParameter."""
    parameters: dict[str, str] = {}
    for pair in pairs:
        name, equals, value = pair.partition("=")
        if not name or not equals:
            raise typer.BadParameter(f"{pair!r} is not NAME=VALUE")
        if name in parameters:
            raise typer.BadParameter(f"{name!r} is given twice")
        parameters[name] = value
    return parameters


def register(app: typer.Typer) -> None:
    """Adds the command."""
    app.command("enhance")(enhance)
