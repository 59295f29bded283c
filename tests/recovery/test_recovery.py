"""What was signed is found again by what it shows; what was not is not; and what the second look makes of it."""

from __future__ import annotations

import zlib

import numpy as np
import pytest

from core.credential import CredentialState
from core.media import digest_of
from detectors.base import Finding, Verdict
from policies.base import Stage
from server.audit.operations import Erase
from server.recovery.match import Certainty
from server.recovery.recovery import CANDIDATES, WATERMARK, Recovery
from tests.audit.making import execute
from tests.detectors.making import film_of
from tests.provenance.signers import embed, stranger
from tests.recovery.conftest import TENANT, Workshop, as_jpeg, as_png, picture
from training.evaluation.attacks import ATTACKS

pytestmark = pytest.mark.asyncio(loop_scope="session")

MARK = "00112233aabb"


def attacked(name: str, attack: str) -> bytes:
    return as_png(ATTACKS[attack](picture(name), np.random.default_rng(3)))


async def test_a_stripped_copy_is_recognised_for_sure_and_its_manifest_told(workshop: Workshop) -> None:
    await workshop.sign(as_png(picture("crab")))
    # The same pixels in another file: whatever metadata there was is gone.
    finding, credential = await workshop.look(as_png(picture("crab")))
    assert finding.verdict is Verdict.DETECTED
    assert finding.codes == ("recovery.by.pixels", "recovery.stripped")
    assert finding.probability == 1.0
    assert "for sure" in finding.explanation
    assert credential.state is CredentialState.RECOVERED_SOFT_BINDING
    assert "assertion.dataHash.mismatch" in credential.codes
    assert credential.digital_source_types[0].endswith("trainedAlgorithmicMedia")


@pytest.mark.parametrize("attack", ["jpeg_50", "two_hops", "resize_0.5", "mirror", "rotate_5", "brightness"])
async def test_a_changed_copy_is_recognised_by_its_looks(workshop: Workshop, attack: str) -> None:
    await workshop.sign(as_png(picture("crab")))
    await workshop.sign(as_png(picture("fig")))
    finding, credential = await workshop.look(attacked("crab", attack))
    assert finding.verdict is Verdict.DETECTED, finding.explanation
    assert {"recovery.by.sketch", "recovery.stripped"} < set(finding.codes)
    assert credential.state is CredentialState.RECOVERED_SOFT_BINDING
    assert 0.9 < finding.probability < 1.0


async def test_a_crop_is_recognised_by_its_watermark_and_not_without(workshop: Workshop) -> None:
    await workshop.sign(as_png(picture("stream")), mark=MARK)
    crop = attacked("stream", "crop_25_jpeg_50")
    finding, credential = await workshop.look(crop)
    assert (finding.verdict, credential.state) == (Verdict.NOT_DETECTED, CredentialState.NONE)
    workshop.marks.carried[digest_of(crop)] = MARK
    finding, credential = await workshop.look(crop)
    assert finding.verdict is Verdict.DETECTED
    assert finding.codes == ("recovery.by.sketch", "recovery.by.watermark", "recovery.stripped")
    assert credential.state is CredentialState.RECOVERED_SOFT_BINDING


async def test_a_watermark_copied_to_another_picture_recovers_nothing(workshop: Workshop) -> None:
    await workshop.sign(as_png(picture("stream")), mark=MARK)
    for other in ("dogs", "mountains"):
        forged = as_png(picture(other))
        workshop.marks.carried[digest_of(forged)] = MARK
        finding, credential = await workshop.look(forged)
        assert (finding.verdict, credential.state) == (Verdict.NOT_DETECTED, CredentialState.NONE)
        assert finding.codes == ("recovery.watermark.unconfirmed",)


async def test_an_unknown_watermark_and_a_strange_picture_are_nothing(workshop: Workshop) -> None:
    await workshop.sign(as_png(picture("stream")))
    strange = as_png(picture("dogs"))
    workshop.marks.carried[digest_of(strange)] = "ffffffffffff"
    finding, _ = await workshop.look(strange)
    assert (finding.verdict, finding.codes) == (Verdict.NOT_DETECTED, ())


async def test_the_upload_that_something_was_made_from_is_not_taken_for_a_copy(workshop: Workshop) -> None:
    upload = as_jpeg(picture("crab"), 95)
    await workshop.sign(as_jpeg(picture("crab"), 90), source=upload)
    finding, credential = await workshop.look(upload)
    assert (finding.verdict, finding.codes, credential.state) == (Verdict.NOT_DETECTED, (), CredentialState.NONE)
    # Encoded anew, nothing tells it from a copy of what was made.
    finding, credential = await workshop.look(as_jpeg(picture("crab"), 60))
    assert (finding.verdict, credential.state) == (Verdict.ABSTAINED, CredentialState.NONE)
    assert "recovery.source_or_copy" in finding.codes


async def test_an_order_that_changes_nothing_makes_nobody_s_picture_ours(workshop: Workshop) -> None:
    theirs = as_jpeg(picture("crab"), 88)
    pixels = (await workshop.open(theirs)).frames()[0].pixels
    await workshop.sign(as_png(pixels), source=as_png(pixels))
    finding, credential = await workshop.look(theirs)
    assert (finding.verdict, credential.state) == (Verdict.ABSTAINED, CredentialState.NONE)
    assert "recovery.by.pixels" not in finding.codes
    assert "recovery.source_or_copy" in finding.codes


async def test_what_is_made_from_a_copy_does_not_hide_what_that_is_a_copy_of(workshop: Workshop) -> None:
    await workshop.sign(as_png(picture("crab")))
    noise = np.random.default_rng(1)
    copied = ATTACKS["jpeg_50"](picture("crab"), noise)
    copy = as_png(copied)
    for number in range(10):
        changed = copied + noise.integers(-2, 3, copied.shape) * (number % 2)
        made = as_png(np.clip(changed, 0, 255).astype(np.uint8))
        await workshop.sign(made, mark=f"{number:012x}", source=copy, tenant="mallory")
    for stripped in (copy, as_jpeg(copied, 85), attacked("crab", "resize_0.5")):
        finding, credential = await workshop.look(stripped)
        assert (finding.verdict, credential.state) == (Verdict.DETECTED, CredentialState.RECOVERED_SOFT_BINDING)


async def test_another_s_work_is_found_behind_what_was_made_from_the_very_file(workshop: Workshop) -> None:
    upload = as_jpeg(picture("crab"), 95)
    await workshop.sign(as_jpeg(picture("crab"), 90), source=as_png(picture("crab")))
    for _ in range(10):
        await workshop.sign(as_jpeg(picture("crab"), 95), source=upload, tenant="mallory")
    finding, _ = await workshop.look(upload)
    assert (finding.verdict, "recovery.source_or_copy" in finding.codes) == (Verdict.ABSTAINED, True)


async def test_of_equal_pixels_those_made_from_no_upload_go_first(workshop: Workshop) -> None:
    _, first = await workshop.sign(as_png(picture("crab")))
    for quality in range(90, 95):
        source, mark = as_jpeg(picture("crab"), quality), f"{quality:012x}"
        await workshop.sign(as_png(picture("crab")), mark=mark, source=source, tenant="mallory")
    found = await workshop.recovery.find(await workshop.open(as_png(picture("crab"))))
    assert found.matches[0].kept.decision_id == first.decision_id
    assert len(found.matches) == CANDIDATES


async def test_of_several_watermarks_the_newest_names_the_file(workshop: Workshop) -> None:
    """However alike: whoever works on our work leaves the mark before in the picture."""
    first, second = (
        as_jpeg(picture("crab"), 90),
        as_jpeg(ATTACKS["jpeg_50"](picture("crab"), np.random.default_rng(1)), 60),
    )
    marks = ("0000000000aa", "0000000000bb")
    await workshop.sign(first, mark=marks[0])
    _, last = await workshop.sign(second, mark=marks[1], source=first)
    both = Finding(WATERMARK, "", "", Verdict.DETECTED, "", "", codes=tuple(f"watermark.id.{each}" for each in marks))
    found = await workshop.recovery.find(await workshop.open(as_jpeg(picture("crab"), 85)), [both])
    assert len(found.matches) == 2
    assert found.matches[0].kept.decision_id == last.decision_id
    assert found.matches[0].likeness < found.matches[1].likeness


async def test_a_watermark_tells_the_copy_from_the_upload(workshop: Workshop) -> None:
    await workshop.sign(as_jpeg(picture("crab"), 90), mark=MARK, source=as_jpeg(picture("crab"), 95))
    copy = as_jpeg(picture("crab"), 60)
    workshop.marks.carried[digest_of(copy)] = MARK
    finding, credential = await workshop.look(copy)
    assert (finding.verdict, credential.state) == (Verdict.DETECTED, CredentialState.RECOVERED_SOFT_BINDING)


async def test_a_file_with_its_credentials_is_not_looked_up(workshop: Workshop) -> None:
    signed, _ = await workshop.sign(as_png(picture("crab")))
    finding, credential = await workshop.look(signed)
    assert (finding.verdict, finding.codes, credential.state) == (Verdict.NOT_DETECTED, (), CredentialState.TRUSTED)
    assert len(workshop.recovery.memory) == 0


async def test_what_is_made_here_is_not_looked_up(workshop: Workshop) -> None:
    await workshop.sign(as_png(picture("crab")))
    finding, credential = await workshop.look(as_png(picture("crab")), direction="outbound")
    assert (finding.verdict, credential.state) == (Verdict.NOT_DETECTED, CredentialState.NONE)


async def test_what_an_order_is_to_improve_is_looked_up_as_every_upload(workshop: Workshop) -> None:
    await workshop.sign(as_png(picture("crab")))
    finding, credential = await workshop.look(as_png(picture("crab")), "outbound", Stage.UPLOAD)
    assert (finding.verdict, credential.state) == (Verdict.DETECTED, CredentialState.RECOVERED_SOFT_BINDING)
    finding, _ = await workshop.look(as_png(picture("crab")), "outbound", Stage.OUTPUT)
    assert finding.verdict is Verdict.NOT_DETECTED


async def test_an_unreadable_store_stays_what_it_is(workshop: Workshop) -> None:
    await workshop.sign(as_png(picture("crab")))
    hollow = as_png(picture("crab"))
    chunk = b"caBX" + b"no boxes here at all"
    end = hollow.rindex(b"IEND") - 4
    damaged = hollow[:end] + (len(chunk) - 4).to_bytes(4) + chunk + zlib.crc32(chunk).to_bytes(4) + hollow[end:]
    finding, credential = await workshop.look(damaged)
    assert (finding.verdict, credential.state) == (Verdict.DETECTED, CredentialState.UNPARSEABLE)


async def test_ours_under_other_credentials_is_said_to_be_altered(workshop: Workshop) -> None:
    await workshop.sign(as_png(picture("crab")))
    broken = embed(as_png(picture("crab")), "image/png", stranger()) + b"trailing"
    finding, credential = await workshop.look(broken)
    assert credential.state is CredentialState.INVALID
    assert finding.verdict is Verdict.NOT_DETECTED
    assert {"recovery.altered", "recovery.by.pixels"} <= set(finding.codes)


async def test_a_manifest_that_is_trusted_no_more_is_known_and_not_believed(workshop: Workshop) -> None:
    data = as_png(picture("crab"))
    await workshop.sign(data)
    other = embed(data, "image/png", stranger())
    stores = workshop.provenance.stores
    store = await stores.take(other, "image/png")
    execute(workshop.house.url, "UPDATE manifests SET data = :data", data=store)
    finding, credential = await workshop.look(data)
    assert (finding.verdict, credential.state) == (Verdict.DETECTED, CredentialState.KNOWN_STRIPPED)
    assert credential.digital_source_types == ()
    assert "cannot be trusted" in finding.explanation


async def test_what_was_erased_is_found_no_more(workshop: Workshop) -> None:
    await workshop.sign(as_png(picture("crab")), mark=MARK, subject="person")
    copies = [as_png(picture("crab")), attacked("crab", "jpeg_50")]
    workshop.marks.carried[digest_of(copies[1])] = MARK
    assert [(await workshop.look(copy))[0].verdict for copy in copies] == [Verdict.DETECTED] * 2
    await workshop.house.log.perform(Erase(TENANT, "staff", "erase-1", "person"))
    for copy in copies:
        finding, credential = await workshop.look(copy)
        assert (finding.verdict, credential.state) == (Verdict.NOT_DETECTED, CredentialState.NONE)


async def test_what_another_server_signed_is_found_at_once(workshop: Workshop) -> None:
    other = Recovery(workshop.house.log.durable, workshop.provenance.stores)
    await other.memory.catch_up()
    await workshop.sign(as_png(picture("crab")))
    found = await other.find(await workshop.open(attacked("crab", "jpeg_50")))
    assert [match.certainty for match in found.matches] == [Certainty.LIKELY]
    assert other.memory.nbytes > 0


async def test_a_film_is_recognised_by_most_of_its_frames(workshop: Workshop) -> None:
    frames = [picture(name)[:120, :120] for name in ("crab", "fig", "stream", "dogs")]
    await workshop.sign(film_of(*frames), mark=MARK)
    again = film_of(*(ATTACKS["jpeg_50"](frame, np.random.default_rng(1)) for frame in frames))
    finding, credential = await workshop.look(again)
    assert (finding.verdict, credential.state) == (Verdict.DETECTED, CredentialState.RECOVERED_SOFT_BINDING)
    other = film_of(frames[0], *(picture(name)[:120, :120] for name in ("jaguars", "mountains", "crocodile")))
    workshop.marks.carried[digest_of(other)] = MARK
    finding, _ = await workshop.look(other)
    assert (finding.verdict, finding.codes) == (Verdict.NOT_DETECTED, ("recovery.watermark.unconfirmed",))
