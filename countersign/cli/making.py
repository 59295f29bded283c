"""What `enhance` and `generate` share: options of an order, and what is done with what comes back.

When the decision blocks the result nothing is written and the exit code is 1; the receipt is still saved, for it
proves that decision.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated

import typer

from countersign.cli.exits import ExitCode
from countersign.cli.files import beside, refuse_output, write_atomically, write_json
from countersign.cli.tables import reasons_text
from countersign.cli.text import complain, say, say_json, short
from countersign.receipts import receipt_json
from countersign.results import CompanionKind, Made
from countersign.v1.generation_pb2 import COMPANION_KIND_COMPARISON, COMPANION_KIND_RISK_MAP
from countersign.views import Json, made_json

Output = Annotated[Path, typer.Option("-o", "--output", help="Where the signed result goes.")]
Model = Annotated[str, typer.Option(help="A model by name; by default the task's own.")]
Param = Annotated[list[str] | None, typer.Option(metavar="NAME=VALUE", help="A setting of the model.")]
Receipt = Annotated[Path | None, typer.Option(help="Save the receipt here.")]
Force = Annotated[bool, typer.Option("--force", help="Replace existing output files.")]
Purpose = Annotated[str, typer.Option(help="Declare what it is for, in a word: editorial, medical, …")]
Likeness = Annotated[
    bool | None, typer.Option("--likeness/--no-likeness", help="Declare whether it shows a real person.")
]
Consent = Annotated[
    bool | None, typer.Option("--consent/--no-consent", help="Declare whether everybody it shows agreed.")
]

Comparison = Annotated[
    Path | None, typer.Option(help="Save here, as PNG: before and after side by side, with a detail of what changed.")
]
RiskMap = Annotated[
    Path | None, typer.Option(help="Save here, as PNG: where the result has detail that the input does not support.")
]
OPTIONS: Mapping[CompanionKind, str] = {
    COMPANION_KIND_COMPARISON: "--comparison",
    COMPANION_KIND_RISK_MAP: "--risk-map",
}
"""By which companions are asked for, by kind."""
_ENDINGS: Mapping[str, Sequence[str]] = {
    "image/jpeg": (".jpg", ".jpeg", ".jfif"),
    "image/png": (".png",),
    "image/webp": (".webp",),
    "image/avif": (".avif",),
    "image/tiff": (".tif", ".tiff"),
}


@dataclass(frozen=True, slots=True)
class Targets:
    """Where the result and its receipt go. force: what is there may be replaced. companions: where pictures go that
    explain it, by the number of their kind.
    """

    output: Path
    receipt: Path | None
    force: bool
    companions: Mapping[CompanionKind, Path] = field(default_factory=dict)

    def __post_init__(self) -> None:
        named = {"--output": self.output, "--receipt": self.receipt}
        named |= {OPTIONS[kind]: path for kind, path in self.companions.items()}
        taken: dict[Path, str] = {}
        for option, path in named.items():
            if path and (other := taken.setdefault(path.resolve(), option)) != option:
                raise typer.BadParameter(f"{other} and {option} name the same file")

    def refuse_unfit(self, sources: Iterable[Path | None]) -> None:
        """Raises UnusableFile before any work is done. sources: what the work begins from, which has to stay."""
        for target in (self.output, self.receipt, *self.companions.values()):
            if target:
                for source in (*sources, None):
                    refuse_output(target, force=self.force, source=source)

    def write(self, made: Made) -> Json:
        """Writes what there is to write; what is to be said of it. Raises UnusableFile.

        A manifest store that the output's format cannot hold is written before it, so that there is no output without.
        """
        store = beside(self.output) if made.result.manifest_store else None
        view = made_json(str(self.output) if made.media is not None else None, made, str(store) if store else None)
        if self.receipt:
            write_json(self.receipt, receipt_json(made.result.receipt), force=self.force)
        if store:
            write_atomically(store, made.result.manifest_store, force=self.force)
        if made.media is not None:
            write_atomically(self.output, made.media, force=self.force)
        write_companions(made, view, self.companions, force=self.force)
        return view


def write_companions(made: Made, view: Json, targets: Mapping[CompanionKind, Path], *, force: bool) -> None:
    """Writes the pictures that explain what was made; `view` then says where. Raises UnusableFile."""
    for told, shown in zip(made.result.companions, view["companions"], strict=True):
        if told.kind in made.companions:
            write_atomically(targets[told.kind], made.companions[told.kind], force=force)
            shown["output"] = str(targets[told.kind])


def tell(view: Json, output: Path, *, as_json: bool) -> None:
    """Says what became of it. Raises typer.Exit where the decision blocks it."""
    if as_json:
        say_json(view)
    if view["output"] is None:
        support = view["blocked"]["support_id"] if view["blocked"] else view["decision_id"]
        reasons = reasons_text(view["reasons"])
        complain(f"{output} was not written, the decision blocks it:\n{reasons}\nFor support: {support}")
        raise typer.Exit(ExitCode.CHECK_FAILED)
    if (endings := _ENDINGS.get(view["mime_type"])) and output.suffix.lower() not in endings:
        complain(f"{output} holds {view['mime_type']}, which its name does not say; {endings[0]} would")
    if not as_json:
        say(f"{output}: {view['action']}, by {short(view['model'])}, log index {view['receipt']['log_index']}")
        if view["manifest"]:
            say(f"{view['manifest']}: its credentials, which DICOM holds none of: keep both together")
    for each in view["companions"]:
        if each["withheld"]:
            complain(f"the {each['kind'].lower().replace('_', ' ')} was withheld: {each['withheld']}")


def companions_of(comparison: Path | None, risk_map: Path | None) -> dict[CompanionKind, Path]:
    """Where companions go, by kind; those that are wanted."""
    wanted = {COMPANION_KIND_COMPARISON: comparison, COMPANION_KIND_RISK_MAP: risk_map}
    return {kind: path for kind, path in wanted.items() if path}


def parameters_of(pairs: Iterable[str]) -> dict[str, str]:
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
