"""Each contradiction as a rule: True where it is there, False where it is not, None where what it needs is not known.

Pure. No rule says which of the two witnesses is wrong.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TypeAlias

from core.credential import ChainManifest
from core.media import View
from detectors.base import Finding, Verdict
from server.conclusions import named
from server.provenance import impossible_times
from server.provenance.story import Story, everything

MARK = "org.countersign.watermark.1"
"""The name of our watermark in a manifest's soft bindings; the value is the identifier, hexadecimal."""
READ, SEVERAL = "watermark.id.", "watermark.multiple"
"""How the detector `watermark` tells the identifiers that it read."""
# Only a camera knows these; software that writes pictures leaves them out.
EXPOSURE = frozenset({"ExposureTime", "FNumber", "ISOSpeedRatings", "PhotographicSensitivity", "FocalLength"})


@dataclass(frozen=True, eq=False, slots=True)
class Known:
    """What the witnesses say. chain, story: None without credentials that can be taken at their word. told: False where
    there are credentials and what they say cannot be known, so that nothing follows from the absence of a story.
    """

    chain: ChainManifest | None
    story: Story | None
    told: bool
    tags: View
    findings: tuple[Finding, ...]

    def verdict(self, detector: str) -> bool | None:
        """Whether a detector detected something; None where it abstained or did not look."""
        finding = named(self.findings, detector)
        if finding is None or finding.verdict is Verdict.ABSTAINED:
            return None
        return finding.verdict is Verdict.DETECTED

    @property
    def marks(self) -> frozenset[str]:
        """The identifiers of the watermarks that were read."""
        finding = named(self.findings, "watermark")
        codes = finding.codes if finding and finding.verdict is Verdict.DETECTED else ()
        return frozenset(code.removeprefix(READ) for code in codes if code.startswith(READ))


Judgement: TypeAlias = bool | None


def camera_generated(known: Known) -> Judgement:
    """Credentials of a camera beside a generator's record."""
    if known.story is None or not known.story.captured:
        return silence(known)
    return known.verdict("metadata")


def camera_watermarked(known: Known) -> Judgement:
    """Credentials of a camera, which say nothing of work done here, beside our watermark."""
    if known.story is None or known.chain is None or not known.story.captured:
        return silence(known)
    return False if stated_marks(known.chain) else known.verdict("watermark")


def generated_camera(known: Known) -> Judgement:
    """Credentials of a model beside the EXIF of an exposure."""
    if known.story is None or not known.story.generated:
        return silence(known)
    if known.tags.error or "exif" in known.tags.facts.get("damaged", ()):
        return None
    exif = exif_of(known.tags)
    return "Make" in exif and len(EXPOSURE.intersection(exif)) > 1


def unexplained_edit(known: Known) -> Judgement:
    """A copied region in what is said to be a camera's picture that nobody edited."""
    story = known.story
    if story is None or not story.captured or not story.complete or story.explains_edits:
        return silence(known)
    return known.verdict("copy_move")


def two_watermarks(known: Known) -> Judgement:
    """An identifier that the credentials do not state, or two in one picture where they state none.

    Whoever works on what was made here adds a mark; the one before stays, and its manifest, now a source's, states it.
    """
    stated = stated_marks(known.chain) if known.chain else frozenset()
    if stated:
        return not known.marks <= stated
    finding = named(known.findings, "watermark")
    return finding is not None and SEVERAL in finding.codes


def signed_before_source(known: Known) -> Judgement:
    """Signed before something that it was made from."""
    return impossible_times.signed_before_source(known.chain) if known.chain else silence(known)


def done_after_signing(known: Known) -> Judgement:
    """Something is said to have been done after it was signed."""
    return impossible_times.done_after_signing(known.chain) if known.chain else silence(known)


def signed_before_certificate(known: Known) -> Judgement:
    """Signed before the signer's certificate was valid."""
    return impossible_times.signed_before_certificate(known.chain) if known.chain else silence(known)


def taken_after_signing(known: Known) -> Judgement:
    """The EXIF date of capture lies after the signature."""
    if known.chain is None or known.chain.signed_at is None:
        return silence(known)
    if known.tags.error or "exif" in known.tags.facts.get("damaged", ()):
        return None
    return impossible_times.taken_after_signing(known.chain, exif_of(known.tags))


def silence(known: Known) -> Judgement:
    """What follows where the credentials do not say what the rule is about: nothing, unless they could not be read."""
    return False if known.told else None


def stated_marks(chain: ChainManifest) -> frozenset[str]:
    """The identifiers of our watermark that any manifest of the chain states."""
    bindings = (binding for manifest in everything(chain) for binding in manifest.soft_bindings)
    return frozenset(binding.value for binding in bindings if binding.algorithm == MARK)


def exif_of(tags: View) -> Mapping[str, str]:
    """The EXIF fields of the file."""
    exif = tags.facts.get("exif")
    return exif if isinstance(exif, Mapping) else {}


@dataclass(frozen=True, slots=True)
class Rule:
    """name: of the code "contradiction.<name>". words: for staff; they quote nothing of the media."""

    name: str
    words: str
    judge: Callable[[Known], Judgement]


RULES = (
    Rule(
        "camera_generated",
        "The credentials say that a camera took the picture; its metadata say that a model made or changed it.",
        camera_generated,
    ),
    Rule(
        "camera_watermarked",
        "The credentials say that a camera took the picture and do not mention this service; the picture carries a "
        "watermark that only this service embeds.",
        camera_watermarked,
    ),
    Rule(
        "generated_camera",
        "The credentials say that a model created the picture; its EXIF describes the exposure of a camera.",
        generated_camera,
    ),
    Rule(
        "unexplained_edit",
        "The credentials tell the whole history of a camera's picture, and no step in it could have moved a part of "
        "the picture; a region appears to be a copy of another.",
        unexplained_edit,
    ),
    Rule("two_watermarks", "The picture carries another watermark beside its own, or in its place.", two_watermarks),
    Rule(
        "signed_before_source",
        "A manifest was signed before the manifest of something that it was made from.",
        signed_before_source,
    ),
    Rule(
        "done_after_signing",
        "A manifest lists something that is said to have been done after it was signed.",
        done_after_signing,
    ),
    Rule(
        "signed_before_certificate",
        "A manifest was signed before the certificate of its signer was valid.",
        signed_before_certificate,
    ),
    Rule(
        "taken_after_signing",
        "The EXIF date of capture lies after the time at which the file was signed.",
        taken_after_signing,
    ),
)
