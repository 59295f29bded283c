"""`countersign generate PROMPT -o OUT`: a picture made, screened, signed and recorded before it is written."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

import typer

from countersign.cli import labels, making
from countersign.cli.files import make_folder, write_atomically
from countersign.cli.progress import Bars
from countersign.cli.session import AsJson, Jurisdiction, Subject, Surface, connect, context_of
from countersign.cli.text import complain, reporting, say
from countersign.results import Preview
from countersign.v1.generation_pb2 import Declarations
from countersign.v1.generation_pb2 import Preview as PreviewMessage

SEEDS = 2**32
SUFFIXES = {"image/jpeg": "jpg", "image/png": "png"}
Picture = Path | None


def generate(
    ctx: typer.Context,
    prompt: Annotated[str, typer.Argument(metavar="PROMPT", help="What it is to show.")],
    output: making.Output,
    negative: Annotated[str, typer.Option(help="What it is not to show.")] = "",
    seed: Annotated[
        int | None, typer.Option(help="The same one gives the same picture; by default a new one.", show_default=False)
    ] = None,
    steps: Annotated[int | None, typer.Option(help="How long to work at it.")] = None,
    guidance: Annotated[float | None, typer.Option(help="How closely to follow the prompt.")] = None,
    size: Annotated[int | None, typer.Option(help="Pixels of a side.")] = None,
    mode: Annotated[str, typer.Option(help="fast, where the model can, for few steps.")] = "",
    scheduler: Annotated[str, typer.Option(help="How the steps are taken; see `countersign models list`.")] = "",
    source: Annotated[Picture, typer.Option(help="A picture to begin from.")] = None,
    strength: Annotated[float | None, typer.Option(help="How far to leave the source, 0 to 1.")] = None,
    mask: Annotated[Picture, typer.Option(help="Of the source: white is made anew, black is kept.")] = None,
    control: Annotated[Picture, typer.Option(help="Edges or boxes to follow, drawn as a picture.")] = None,
    model: making.Model = "",
    param: making.Param = None,
    label: labels.Text = "",
    label_mark: labels.Sign = None,
    label_placement: labels.Where = None,
    label_height: labels.Height = None,
    previews: Annotated[Path | None, typer.Option(metavar="FOLDER", help="Save looks at unfinished work here.")] = None,
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
    """Make an image from a prompt. It comes back signed and recorded, or not at all. Ctrl-C stops the work."""
    named = {"steps": steps, "guidance": guidance, "size": size, "strength": strength}
    words = {"mode": mode or None, "scheduler": scheduler or None}
    parameters = settings_of({**named, **words}, making.parameters_of(param or []))
    drawn = labels.label_of(label, label_mark, label_placement, label_height)
    targets = making.Targets(output, receipt, force)
    with reporting(as_json, prompt=prompt):
        targets.refuse_unfit([source, mask, control])
        with connect(ctx) as client, Bars() as bars:
            made = client.generate(
                prompt,
                negative_prompt=negative,
                model=model,
                parameters=parameters,
                seed=secrets.randbelow(SEEDS) if seed is None else seed,
                source=source,
                mask=mask,
                control=control,
                context=context_of(surface, jurisdiction),
                subject=subject,
                declarations=Declarations(purpose=purpose, likeness=likeness, consent=consent),
                label=drawn,
                progress=bars.working(output.name),
                preview=saving(previews, output.stem, force=force) if previews else None,
            )
        view = targets.write(made)
    making.tell(view, output, as_json=as_json)
    if not as_json:
        say(f"seed {view['seed']}" + nearest_text(view["nearest"]))
        if view["unknown_words"]:
            complain(unknown_text(view["unknown_words"]))


def settings_of(named: Mapping[str, float | str | None], given: Mapping[str, str]) -> dict[str, str]:
    """The settings that have options of their own, beside those given by name. Raises typer.BadParameter."""
    parameters = {name: str(value) for name, value in named.items() if value is not None}
    if twice := sorted(parameters.keys() & given.keys()):
        raise typer.BadParameter(f"{twice[0]!r} is given twice")
    return {**parameters, **given}


def saving(folder: Path, stem: str, *, force: bool) -> Preview:
    """What saves each preview in `folder`, which is made. Raises UnusableFile."""
    make_folder(folder)
    count = 0

    def save(preview: PreviewMessage) -> None:
        nonlocal count
        count += 1
        suffix = SUFFIXES.get(preview.mime_type, "bin")
        write_atomically(folder / f"{stem}_preview_{count}.{suffix}", preview.data, force=force)

    return save


def nearest_text(nearest: Mapping[str, object] | None) -> str:
    """What of the model's training it is most like."""
    if nearest is None:
        return ""
    like = ", so like it that it counts as a copy" if nearest["memorised"] else ""
    return f"; nearest in training: {nearest['item']} ({nearest['similarity']:.2f}){like}"


def unknown_text(count: int) -> str:
    """What it means that the model was not taught some of the prompt's words."""
    words = "1 word of the prompt is" if count == 1 else f"{count} words of the prompt are"
    return f"{words} none that the model was taught, and give something arbitrary; its card tells what it knows"


def register(app: typer.Typer) -> None:
    """Adds the command."""
    app.command("generate")(generate)
