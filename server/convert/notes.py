"""What a model reports of its output → protobuf. Knows the names of the notes that have a message of their own."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from countersign.v1 import generation_pb2 as pb
from generators import fidelity
from generators.auto import PLAN
from generators.scenes.report import bands_in
from server import record
from server.asked import LEFT_OUT
from server.audit import Recorded
from server.record import MEMORISED

ITEM, SIMILARITY = "nearest_training_item", "nearest_similarity"
UNKNOWN_WORDS = "unknown_words"


def nearest(recorded: Recorded) -> pb.Neighbour | None:
    """What the model learned from and a recorded output resembles most; None where the model did not compare."""
    notes = notes_of(recorded)
    if ITEM not in notes:
        return None
    return pb.Neighbour(
        item=str(notes[ITEM]),
        similarity=float(notes.get(SIMILARITY, 0.0)),
        memorised=bool(notes.get(MEMORISED, False)),
    )


def fidelity_of(recorded: Recorded) -> pb.Fidelity | None:
    """How a recorded output differs from its upload; None where the model did not measure it."""
    notes = notes_of(recorded)
    figures = fidelity.figures_in(notes)
    bands = [pb.BandFidelity(number=number, **band) for number, band in bands_in(notes).items()]
    return pb.Fidelity(**figures, unit=notes.get(fidelity.UNIT), bands=bands) if figures or bands else None


def plan_of(recorded: Recorded) -> str:
    """What a model chose to do, and why; "" where it had no choice."""
    return str(notes_of(recorded).get(PLAN, ""))


def left_out_of(recorded: Recorded) -> list[str]:
    """What a private output does not tell; nothing where it was not asked for, or there was nothing."""
    told = str(notes_of(recorded).get(LEFT_OUT, ""))
    return told.split(", ") if told else []


def unknown_words_of(recorded: Recorded) -> int | None:
    """How many words of the prompt the model was not taught; None where it does not know."""
    count = notes_of(recorded).get(UNKNOWN_WORDS)
    return None if count is None else int(count)


def notes_of(recorded: Recorded) -> Mapping[str, Any]:
    """What the model reported; nothing where there is no such part."""
    notes: Mapping[str, Any] = record.decode(recorded).get("making", {}).get("notes", {})
    return notes
