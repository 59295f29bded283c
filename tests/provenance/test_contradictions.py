"""What cannot all be true: each rule with what it sees, what explains it away, and what it must not conclude from."""

from __future__ import annotations

import asyncio
import io
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from PIL import Image

from core.credential import (
    NO_CREDENTIAL,
    ChainAction,
    ChainIngredient,
    ChainManifest,
    Credential,
    CredentialState,
    Signer,
    SoftBinding,
)
from core.media import Kind, Media, View
from detectors.base import Finding, Verdict
from detectors.metadata import MetadataDetector
from server.conclusions import Seen
from server.provenance import Identity, Trust
from server.provenance.contradiction_rules import MARK, RULES
from server.provenance.contradictions import CODE, UNTOLD, Contradictions
from server.provenance.impossible_times import earliest_capture
from tests.detectors.making import A1111, coded, media
from tests.provenance.files import make
from tests.provenance.manifests import JPEG, SOURCE, produce
from tests.provenance.signers import judged

NOON = datetime(2026, 5, 1, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
DETECTED, NOT, ABSTAINED = Verdict.DETECTED, Verdict.NOT_DETECTED, Verdict.ABSTAINED
SHOT = {"Make": "Maker", "ExposureTime": "0.01", "FNumber": "2.8", "DateTimeOriginal": "2026:05:01 12:00:00"}
QUOTED = "zanzibar-quokka"


def done(action: str, source_type: str = "", when: datetime | None = None) -> ChainAction:
    return ChainAction(f"c2pa.{action}", when, source_type=SOURCE + source_type if source_type else "")


def manifest(*actions: ChainAction, before: ChainManifest | None = None, **fields: Any) -> ChainManifest:
    parent = ChainIngredient("p", "", "parentOf", CredentialState.TRUSTED, intact=True, manifest=before)
    return ChainManifest("urn:a", title=QUOTED, actions=actions, ingredients=(parent,) if before else (), **fields)


CAMERA = manifest(done("created", "digitalCapture"))
MODEL = manifest(done("created", "trainedAlgorithmicMedia"))
RESIZED = manifest(done("opened"), done("resized"), before=CAMERA)
OURS = manifest(done("opened"), before=CAMERA, soft_bindings=(SoftBinding(MARK, "0000000000aa"),))
STAMPED = manifest(done("created", "digitalCapture"), signed_at=NOON, signer=Signer(not_before=NOON - HOUR))


def finding(name: str, verdict: Verdict, *codes: str) -> Finding:
    return Finding(name, "sha256:0", "thing", verdict, "why", "limits", codes=codes)


def seen(chain: ChainManifest | None, *findings: Finding, tags: View | None = None, state: str = "trusted") -> Seen:
    views = {"tags": tags or View({"exif": {}, "damaged": []})}
    credential = Credential(CredentialState(state), chain=chain) if chain else NO_CREDENTIAL
    given = {"metadata": finding("metadata", NOT), "copy_move": finding("copy_move", NOT)}
    given |= {"watermark": finding("watermark", NOT)} | {one.detector: one for one in findings}
    upload = Media(b"", Kind.IMAGE, JPEG, "sha256:0", 1, 1, 0.0, (), views)
    return Seen(upload, tuple(given.values()), credential, "acme", "inbound")


def conclude(given: Seen) -> Finding:
    return asyncio.run(Contradictions().conclude(given)).finding


def names(given: Seen) -> list[str]:
    return [code.removeprefix(CODE) for code in conclude(given).codes]


def exif(**fields: str) -> View:
    return View({"exif": fields, "damaged": []})


AI = finding("metadata", DETECTED, "sd.prompt")
MARKED = finding("watermark", DETECTED, "watermark.id.0000000000aa")
TWICE = finding("watermark", DETECTED, "watermark.id.0000000000aa", "watermark.id.0000000000bb", "watermark.multiple")
AGAIN = manifest(done("opened"), before=OURS, soft_bindings=(SoftBinding(MARK, "0000000000bb"),))
MOVED = finding("copy_move", DETECTED)
FOUND: dict[str, tuple[str, Seen]] = {
    "a camera and a prompt": ("camera_generated", seen(CAMERA, AI)),
    "a resized camera picture and a prompt": ("camera_generated", seen(RESIZED, AI)),
    "a camera nobody vouches for, and a prompt": ("camera_generated", seen(CAMERA, AI, state="valid_untrusted")),
    "a camera and our mark": ("camera_watermarked", seen(CAMERA, MARKED)),
    "a model and an exposure": ("generated_camera", seen(MODEL, tags=exif(**SHOT))),
    "a copied region that nobody made": ("unexplained_edit", seen(RESIZED, MOVED)),
    "a copied region in an original": ("unexplained_edit", seen(CAMERA, MOVED)),
    "two marks": ("two_watermarks", seen(None, finding("watermark", DETECTED, "watermark.multiple"))),
    "another mark": ("two_watermarks", seen(OURS, finding("watermark", DETECTED, "watermark.id.0000000000bb"))),
    "a second mark that nobody stated": ("two_watermarks", seen(OURS, TWICE)),
    "signed before its source": ("signed_before_source", seen(manifest(before=STAMPED, signed_at=NOON - HOUR))),
    "done later": ("done_after_signing", seen(replace(STAMPED, actions=(done("edited", when=NOON + HOUR),)))),
    "a certificate of later": (
        "signed_before_certificate",
        seen(replace(STAMPED, signer=Signer(not_before=NOON + HOUR))),
    ),
    "taken later": ("taken_after_signing", seen(STAMPED, tags=exif(DateTimeOriginal="2026:05:02 03:00:00"))),
    "taken later, with a zone": (
        "taken_after_signing",
        seen(STAMPED, tags=exif(DateTimeOriginal="2026:05:01 14:00:00", OffsetTimeOriginal="+01:00")),
    ),
}


@pytest.mark.parametrize("case", FOUND)
def test_a_contradiction_is_found_and_named(case: str) -> None:
    name, given = FOUND[case]
    found = conclude(given)
    assert found.verdict is DETECTED
    assert names(given) == [name]
    assert found.explanation == next(rule.words for rule in RULES if rule.name == name)


def test_every_rule_has_a_case() -> None:
    assert {name for name, _ in FOUND.values()} == {rule.name for rule in RULES}


CONSISTENT: dict[str, Seen] = {
    "nothing at all": seen(None),
    "a prompt alone": seen(None, AI),
    "our mark alone": seen(None, MARKED),
    "a plain original": seen(CAMERA, tags=exif(**SHOT)),
    "a model and its prompt": seen(MODEL, AI),
    "a model without an exposure": seen(MODEL, tags=exif(Make="Maker", ExposureTime="1")),
    "a camera picture that a model changed": seen(
        manifest(done("opened"), done("edited", "compositeWithTrainedAlgorithmicMedia"), before=CAMERA), AI
    ),
    "work done here on a camera picture": seen(OURS, MARKED),
    "work done here on work done here": seen(AGAIN, TWICE),
    "the same, its first mark lost": seen(AGAIN, finding("watermark", DETECTED, "watermark.id.0000000000bb")),
    "an edit that is stated": seen(manifest(done("opened"), done("edited"), before=CAMERA), MOVED),
    "an action nobody knows": seen(manifest(done("opened"), done("rotated.strangely"), before=CAMERA), MOVED),
    "a history that begins in the dark": seen(manifest(done("opened"), done("resized")), MOVED),
    "a source whose own history is missing": seen(
        replace(CAMERA, ingredients=(ChainIngredient("p", "", "parentOf", CredentialState.NONE, manifest=None),)),
        MOVED,
    ),
    "a drawing with a copied region": seen(manifest(done("created", "digitalCreation")), MOVED),
    "clocks that differ a little": seen(
        manifest(done("edited", when=NOON + timedelta(minutes=4)), signed_at=NOON, before=STAMPED)
    ),
    "taken before, by local time": seen(STAMPED, tags=exif(DateTimeOriginal="2026:05:01 20:00:00")),
    "no times": seen(RESIZED, tags=exif(DateTimeOriginal="2030:01:01 00:00:00")),
}


@pytest.mark.parametrize("case", CONSISTENT)
def test_what_fits_together_is_not_accused(case: str) -> None:
    assert (conclude(CONSISTENT[case]).verdict, names(CONSISTENT[case])) == (NOT, [])


UNKNOWN: dict[str, Seen] = {
    "a camera, metadata unread": seen(CAMERA, finding("metadata", ABSTAINED)),
    "a camera, copied regions unknown": seen(CAMERA, finding("copy_move", ABSTAINED)),
    "a camera, marks unknown": seen(CAMERA, finding("watermark", ABSTAINED)),
    "a model, tags unread": seen(MODEL, tags=View(error="broken")),
    "a model, EXIF damaged": seen(MODEL, tags=View({"exif": {}, "damaged": ["exif"]})),
    "a time, tags unread": seen(STAMPED, tags=View(error="broken")),
    **{f"credentials that are {state}": seen(CAMERA, AI, state=state) for state in sorted(UNTOLD)},
}


@pytest.mark.parametrize("case", UNKNOWN)
def test_what_could_not_be_read_is_no_clean_bill(case: str) -> None:
    found = conclude(UNKNOWN[case])
    assert (found.verdict, found.codes) == (ABSTAINED, ())


def test_what_is_found_stands_although_something_else_is_unknown() -> None:
    assert names(seen(CAMERA, AI, finding("copy_move", ABSTAINED))) == ["camera_generated"]


def test_several_are_told_at_once() -> None:
    given = seen(CAMERA, AI, MARKED, MOVED)
    assert names(given) == ["camera_generated", "camera_watermarked", "unexplained_edit"]
    assert conclude(given).explanation.count("The credentials") == 3


def test_nothing_quotes_the_media() -> None:
    for _, given in FOUND.values():
        assert QUOTED not in conclude(given).explanation


@pytest.mark.parametrize(
    "stated", ["", "yesterday", "2026:13:41 99:00:00", "0001:01:01 00:00:00", "0000:00:00 00:00:00"]
)
@pytest.mark.parametrize("offset", ["", "+14:00", "nonsense", "-99:99"])
def test_an_odd_date_is_no_date(stated: str, offset: str) -> None:
    found = earliest_capture({"DateTimeOriginal": stated, "OffsetTimeOriginal": offset})
    assert found is None or found.year == 1


def test_a_real_file_from_the_bytes_on(identity: Identity, trust: Trust) -> None:
    """A camera's credential on a picture with a generator's record in its EXIF comment."""
    tags = Image.Exif()
    tags.get_ifd(0x8769)[0x9286] = b"ASCII\0\0\0" + A1111.encode()
    picture = Image.open(io.BytesIO(make(JPEG)))
    data = produce("photo", identity, data=coded(picture, "JPEG", exif=tags))
    upload = media(data)
    (declared,) = MetadataDetector().detect([upload])
    assert declared.verdict is DETECTED
    found = conclude(Seen(upload, (declared,), judged(data, JPEG, trust), "acme", "inbound"))
    assert found.codes == ("contradiction.camera_generated",)
