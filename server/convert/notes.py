"""What a model reports of its output → protobuf. Knows the names of the notes that have a message of their own."""

from __future__ import annotations

from countersign.v1 import generation_pb2 as pb
from server import record
from server.audit import Recorded
from server.record import MEMORISED

ITEM, SIMILARITY = "nearest_training_item", "nearest_similarity"


def nearest(recorded: Recorded) -> pb.Neighbour | None:
    """What the model learned from and a recorded output resembles most; None where the model did not compare."""
    notes = record.decode(recorded).get("making", {}).get("notes", {})
    if ITEM not in notes:
        return None
    return pb.Neighbour(
        item=str(notes[ITEM]),
        similarity=float(notes.get(SIMILARITY, 0.0)),
        memorised=bool(notes.get(MEMORISED, False)),
    )
