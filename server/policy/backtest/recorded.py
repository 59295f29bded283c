"""What a policy may look at, read back from a recorded decision; and what of it was never recorded.

Leaves hold what rules look at, and not everything always did: a detector that is new today found nothing then, and of
outputs that were signed, earlier releases recorded the signed file and not the one that was examined. Such a signal is
unknown. It is not "missing", which is something that a policy may reckon with, and its value is never guessed.

This module knows leaves. It does not know rules.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

from core.credential import Credential, CredentialState
from core.media import Kind
from detectors.base import Finding, Source, Verdict
from policies.base import Stage, Subject
from policies.signals import Signal, is_private
from server.record import memorised_in

_SIGNED = frozenset(("credential.state", "credential.codes", "credential.ai_generated", "media.byte_size"))
"""What signing changes."""


class LeafReader:
    """Reads leaves for one policy. wanted: names of the signals that its conditions read."""

    def __init__(self, wanted: Collection[str], signals: Mapping[str, Signal], sources: Sequence[Source]) -> None:
        asked = {signals[name].source for name in wanted}
        self._detectors = {source.name: source.kinds for source in sources if source.name in asked}
        self._of_detector = {
            name: frozenset(each for each in wanted if signals[each].source == name) for name in self._detectors
        }
        self._wanted = frozenset(wanted)

    def subject(self, leaf: Mapping[str, Any], at: datetime) -> Subject:
        """What the policy may look at. at: when it is judged."""
        media, used = leaf["media"], leaf["context"]
        examined = leaf.get("examined", {})
        detectors = self._detectors
        return Subject(
            direction=leaf["direction"],
            findings=tuple(_finding(each) for each in leaf["findings"] if each["detector"] in detectors),
            credential=_credential(examined.get("credential", leaf["credential"])),
            kind=Kind(media["kind"]),
            mime=media["mime"],
            byte_size=examined.get("byte_size", media["byte_size"]),
            width=media["width"],
            height=media["height"],
            duration=media["duration"],
            tenant=leaf["tenant"],
            surface=used["surface"],
            jurisdiction=used["jurisdiction"],
            task=used["task"],
            source_type=used.get("source_type", ""),
            stage=Stage.UPLOAD if leaf.get("making", {}).get("stage") == Stage.INPUT else "",
            **_order(leaf.get("making")),
            at=at,
            digest=examined.get("digest", leaf["media_digest"]),
        )

    def unknown(self, leaf: Mapping[str, Any]) -> frozenset[str]:
        """Names of signals among the wanted ones that were not recorded."""
        found, kind = {each["detector"] for each in leaf["findings"]}, leaf["media"]["kind"]
        lacking = [
            names for name, names in self._of_detector.items() if name not in found and kind in self._detectors[name]
        ]
        names = frozenset[str]().union(*lacking) if lacking else frozenset[str]()
        if leaf["direction"] == "outbound":
            names |= (self._wanted & _unknown_of_output(leaf)) | frozenset(filter(is_private, self._wanted))
        return names


def _order(making: Mapping[str, Any] | None) -> dict[str, Any]:
    """The order that an output was made by, and what its model reported. Its words are not in the leaf, and count as
    unknown.
    """
    if making is None:
        return {}
    told = {"model": making["model"], "parameters": making.get("parameters", {}), "prompt": "", "negative_prompt": ""}
    return {**told, **making.get("declared", {}), "memorised": memorised_in(making.get("notes", {}))}


def _unknown_of_output(leaf: Mapping[str, Any]) -> frozenset[str]:
    unknown = frozenset[str]() if "source_type" in leaf["context"] else frozenset(("request.source_type",))
    signed = "intent_index" in leaf.get("making", {}) and leaf["action"] != "BLOCK"
    return unknown | _SIGNED if signed and "examined" not in leaf else unknown


def _finding(entry: Mapping[str, Any]) -> Finding:
    return Finding(
        detector=entry["detector"],
        version=entry["version"],
        label=entry["label"],
        verdict=Verdict(entry["verdict"]),
        explanation=entry["explanation"],
        limits="",
        probability=entry.get("probability"),
        score=entry.get("score"),
        codes=tuple(entry["codes"]),
        measurements=tuple(sorted(entry.get("measurements", {}).items())),
    )


def _credential(entry: Mapping[str, Any]) -> Credential:
    return Credential(
        CredentialState(entry["state"]),
        codes=tuple(entry["codes"]),
        digital_source_types=tuple(entry["digital_source_types"]),
    )
