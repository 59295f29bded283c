"""What we claim of a file we made, as a value.

Words are those of C2PA Technical Specification 2.x ("Actions") and of IPTC's digital source type vocabulary. Knows no
key, no file, and not how a manifest is written: that is `server.provenance.definition`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal, TypeAlias

from core.errors import InvalidInput

SOURCE_TYPES = "http://cv.iptc.org/newscodes/digitalsourcetype/"
OPENED, PLACED = "c2pa.opened", "c2pa.placed"
WATERMARKED = "c2pa.watermarked.bound"
"""An invisible watermark was embedded by which this manifest can be found again."""
LABELLED = "c2pa.edited"
"""C2PA has no word for a visible label that is right for text and mark alike; the description says what it was."""

ClaimedAction: TypeAlias = Literal["created", "edited", "enhanced", "resized"]
"""created: from nothing, or from components. enhanced: improved without a change of content (noise, sharpness).
resized: its dimensions were changed. edited: its content was."""


@dataclass(frozen=True, slots=True)
class Binding:
    """Which recorded decision let this file be made: the policy's digest, the log index of the intent, the request."""

    policy_digest: str
    intent_index: int
    request_id: str


@dataclass(frozen=True, slots=True)
class SoftBinding:
    """By what the file is recognised once its manifest is gone (C2PA "Soft Bindings").

    algorithm: its name in the list of soft-binding algorithms, or a reverse domain name. value: in that algorithm's own
    notation.
    """

    algorithm: str
    value: str


@dataclass(frozen=True, slots=True)
class Claim:
    """What is true of an output because we made it.

    source_type: last segment of the IPTC digital source type, such as "trainedAlgorithmicMedia". model, model_version:
    the software agent. parameters: the settings it ran with. made_at: when, with a time zone. components: how many
    pictures were placed in it. soft_bindings: what it is recognised by. watermarked: one of those is a watermark, which
    was embedded. labelled: a visible label was put on it. fidelity: how it differs from what it was made from, figures
    by name, and their unit.
    """

    title: str
    source_type: str
    model: str
    model_version: str
    action: ClaimedAction
    binding: Binding
    parameters: Mapping[str, str | int | float] = field(default_factory=dict)
    made_at: datetime | None = None
    components: int = 0
    soft_bindings: tuple[SoftBinding, ...] = ()
    watermarked: bool = False
    labelled: bool = False
    fidelity: Mapping[str, str | int | float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if not re.fullmatch("[a-z][A-Za-z]{2,63}", self.source_type):
            raise InvalidInput(
                f"{self.source_type!r} is not the last segment of an IPTC digital source type",
                field="source_type",
                found=self.source_type,
            )
        if self.watermarked and not self.soft_bindings:
            raise InvalidInput("a bound watermark needs the soft binding that it carries", field="soft_bindings")

    @property
    def source_uri(self) -> str:
        """The digital source type in full."""
        return SOURCE_TYPES + self.source_type

    @property
    def actions(self) -> tuple[str, ...]:
        """The C2PA actions that the manifest will list, in order.

        Work on an upload begins by opening it, and what was made from nothing begins with its making.
        """
        made, placed = f"c2pa.{self.action}", (PLACED,) * self.components
        begun = (made, *placed) if self.action == "created" else (OPENED, *placed, made)
        return (*begun, *(WATERMARKED,) * self.watermarked, *(LABELLED,) * self.labelled)
