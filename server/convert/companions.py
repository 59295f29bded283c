"""Companions ↔ protobuf. Knows their names and numbers."""

from __future__ import annotations

from collections.abc import Collection

from countersign.v1 import generation_pb2 as pb
from server import record
from server.audit import Recorded
from server.companions import companions_in
from server.requests import COMPANIONS


def kind_of(name: str) -> pb.CompanionKind.ValueType:
    """The number of a companion's name."""
    return pb.CompanionKind.Value(f"COMPANION_KIND_{name.upper()}")


def names_of(kinds: Collection[pb.CompanionKind.ValueType]) -> tuple[str, ...]:
    """The names of those that a request asks for, in the order in which they are made."""
    return tuple(name for name in COMPANIONS if kind_of(name) in kinds)


def companions(recorded: Recorded) -> list[pb.Companion]:
    """What a record says became of each that was asked for, in the order in which they are sent."""
    told = companions_in(record.decode(recorded).get("making", {}))
    return [
        pb.Companion(
            kind=kind_of(name),
            digest=told[name].get("digest", ""),
            mime_type=told[name].get("mime", ""),
            byte_size=told[name].get("byte_size", 0),
            withheld=told[name].get("withheld", ""),
        )
        for name in COMPANIONS
        if name in told
    ]
