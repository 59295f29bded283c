"""The order of things: what is recorded when, what leaves, and what a repeated request gets."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Collection
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from core.errors import (
    Conflict,
    CorruptMedia,
    InvalidInput,
    LimitExceeded,
    ParserFailed,
    PreconditionFailed,
    Unavailable,
    UnsupportedMedia,
)
from core.media import Media, View, digest_of
from core.sandbox import Sandbox
from detectors.base import Detector
from detectors.fingerprints import pixels_digest
from generators.base import Value
from server.audit import Entry
from server.examination import CREDENTIALS
from server.provenance import Provenance
from server.requests import Order, Upload
from tests.server.conftest import CALLER, House, build, leaf, png
from tests.server.fakes import BrokenDetector, Immeasurable, Painter, Talkative

pytestmark = pytest.mark.asyncio(loop_scope="session")

RED = png((230, 10, 10))


def upload(data: bytes, request_id: str = "") -> Upload:
    return Upload(request_id or uuid.uuid4().hex, data)


def order(painter: Painter, request_id: str = "", **values: object) -> Order:
    fields: dict[str, object] = {"prompt": "a grey wall", **values}
    return Order(request_id or uuid.uuid4().hex, painter, **fields)  # type: ignore[arg-type]


def silent(stage: str, fraction: float) -> None:
    pass


async def test_a_screening_is_recorded_with_all_that_was_found(house: House) -> None:
    recorded = await house.pipeline.screen(upload(RED), CALLER)
    entry = leaf(recorded)
    assert entry["action"] == "BLOCK"
    assert entry["media_digest"] == digest_of(RED)
    assert entry["findings"][0]["evidence"][0]["digest"] == digest_of(b"very red")
    assert entry["policy"]["digest"].startswith("sha256:")
    assert entry["credential"]["state"] == "none"
    assert entry["credential"]["trust"].startswith("sha256:")
    blob = await house.log.evidence(CALLER.tenant, digest_of(b"very red"))
    assert blob is not None
    assert blob.data == b"very red"


async def test_the_same_id_gives_the_same_answer_and_one_record_under_a_race(house: House) -> None:
    request = upload(RED, "request-1")
    answers = await asyncio.gather(*(house.pipeline.screen(request, CALLER) for _ in range(8)))
    assert len({answer.decision_id for answer in answers}) == 1
    assert house.detector.calls == 1
    assert len(await house.entries()) == 1


async def test_the_same_id_for_other_media_is_a_conflict(house: House) -> None:
    await house.pipeline.screen(upload(RED, "request-2"), CALLER)
    with pytest.raises(Conflict, match="request-2"):
        await house.pipeline.screen(upload(png(), "request-2"), CALLER)


@pytest.mark.parametrize(
    ("data", "error"),
    [(RED[:60], CorruptMedia), (b"plain text, no picture", UnsupportedMedia), (b"", UnsupportedMedia)],
)
async def test_a_refusal_is_recorded_once_and_raised_again(
    house: House, data: bytes, error: type[InvalidInput]
) -> None:
    request = upload(data, "request-3")
    for _ in range(2):
        with pytest.raises(error) as caught:
            await house.pipeline.screen(request, CALLER)
        assert caught.value.field.startswith("media")
    (entry,) = await house.entries()
    assert entry["refusal"]["error"] == error.__name__
    assert entry["media_digest"] == digest_of(data)


async def test_a_declared_type_that_the_content_contradicts_is_refused(house: House) -> None:
    with pytest.raises(InvalidInput) as caught:
        await house.pipeline.screen(Upload("request-4", RED, declared_mime="image/jpeg"), CALLER)
    assert (caught.value.field, caught.value.limit, caught.value.found) == (
        "declared_mime_type",
        "image/png",
        "image/jpeg",
    )
    assert (await house.entries())[0]["refusal"]["found"] == "image/jpeg"


async def test_no_verdict_without_its_record(house: House) -> None:
    await house.log.close()
    with pytest.raises(Unavailable):
        await house.pipeline.screen(upload(RED), CALLER)


async def test_a_failing_detector_abstains_and_the_others_go_on(house: House) -> None:
    folder = house.folder / "broken"
    folder.mkdir()
    broken = await build(folder, (house.examiner._sandbox, house.examiner._provenance), [BrokenDetector()])
    entry = leaf(await broken.pipeline.screen(upload(RED), CALLER))
    verdicts = {finding["detector"]: finding["verdict"] for finding in entry["findings"]}
    assert verdicts == {"red": "detected", "broken": "abstained"}
    assert entry["findings"][1]["codes"] == ["detector.failed"], "policies see that it broke"
    assert "secret" not in str(entry)
    await broken.engine.close()
    await broken.log.close()


@pytest.mark.parametrize("detector", [Talkative(), Immeasurable()], ids=["too long", "not a number"])
async def test_what_the_log_cannot_hold_is_recorded_as_refused(
    tmp_path: Path, trusted: tuple[Sandbox, Provenance], detector: Detector
) -> None:
    house = await build(tmp_path, trusted, [detector])
    for _ in range(2):
        with pytest.raises((InvalidInput, LimitExceeded), match="entry"):
            await house.pipeline.screen(upload(RED, "request-5"), CALLER)
    (entry,) = await house.entries()
    assert entry["refusal"]["field"] == "body"
    assert entry["media_digest"] == digest_of(RED)
    assert "action" not in entry
    assert house.detector.calls == 1
    await house.engine.close()
    await house.log.close()


async def test_credentials_that_a_worker_garbled_are_recorded_as_refused(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened = house.examiner.open

    async def garbled(data: bytes, declared_mime: str = "", views: Collection[str] = ()) -> Media:
        media = await opened(data, declared_mime, views)
        return replace(media, views={**media.views, CREDENTIALS: View({"trust": 7})})

    monkeypatch.setattr(house.examiner, "open", garbled)
    with pytest.raises(ParserFailed):
        await house.pipeline.screen(upload(RED), CALLER)
    (entry,) = await house.entries()
    assert entry["refusal"]["error"] == "ParserFailed"


async def test_another_request_cannot_hide_work_that_was_lost(house: House) -> None:
    await house.log.append(Entry("intent", CALLER.tenant, "tester", "request-6", "another", {"direction": "outbound"}))
    with pytest.raises(Conflict, match="request-6"):
        await house.pipeline.screen(upload(png(), "request-6"), CALLER)
    later = datetime.now(UTC) + timedelta(days=1)
    assert [intent.request_id for intent in await house.log.orphaned_intents(later)] == ["request-6"]


async def test_what_is_made_leaves_signed_and_recorded_after_its_intent(house: House) -> None:
    painter = Painter()
    stages: list[str] = []
    made = await house.pipeline.make(order(painter), CALLER, lambda stage, _: stages.append(stage))
    entry = leaf(made.recorded)
    assert made.output is not None
    assert entry["media_digest"] == digest_of(made.output)
    assert entry["media"]["byte_size"] == len(made.output)
    assert entry["credential"]["state"] == "trusted"
    assert entry["making"]["intent_index"] < made.recorded.index
    assert "grey wall" not in str(entry), "a prompt is the requester's and stays out of a permanent leaf"
    media, credential = await house.examiner.inspect(made.output)
    assert credential.state == "trusted"
    assert credential.digital_source_types[0].endswith("trainedAlgorithmicMedia")
    assert media.digest == entry["media_digest"]
    assert list(dict.fromkeys(stages)) == ["examining", "making", "finishing", "signing", "recording"]


async def test_a_repeated_order_gets_the_same_bytes_and_nothing_is_made_again(house: House) -> None:
    painter = Painter()
    request = order(painter, "request-5")
    first, second = [await house.pipeline.make(request, CALLER, silent) for _ in range(2)]
    assert first.output == second.output
    assert painter.painted == 1
    assert len(await house.entries()) == 1


async def test_a_repeated_order_whose_output_was_removed_says_so(house: House) -> None:
    request = order(Painter(), "request-6")
    await house.pipeline.make(request, CALLER, silent)
    for file in (house.folder / "outputs").rglob("*"):
        if file.is_file():
            file.unlink()
    with pytest.raises(PreconditionFailed, match="no longer kept"):
        await house.pipeline.make(request, CALLER, silent)


async def test_an_improved_upload_is_the_parent(house: House) -> None:
    made = await house.pipeline.make(order(Painter("denoise"), source=png()), CALLER, silent)
    assert made.output is not None
    _, credential = await house.examiner.inspect(made.output)
    active = next(manifest for manifest in credential.manifests if manifest.active)
    assert active.actions[0] == "c2pa.opened"
    assert leaf(made.recorded)["making"]["source"]["media_digest"] == digest_of(png())


async def test_what_is_made_of_an_upload_is_found_by_its_pixels_only_with_a_watermark(house: House) -> None:
    for size, found in (((4, 4), 0), ((64, 48), 1)):  # the smaller one holds none
        wanted = order(Painter("denoise"), source=png((100, 100, 100), size), parameters={"grey": 101})
        made = await house.pipeline.make(wanted, CALLER, silent)
        assert made.output is not None
        digest = pixels_digest((await house.examiner.open(made.output)).frames())
        assert len(await house.log.durable.bound_to("pixels", digest, 2)) == found


@pytest.mark.parametrize(
    ("values", "stage"), [({"source": RED}, "input"), ({"source": png(), "prompt": "red"}, "output")]
)
async def test_a_blocked_input_or_output_never_leaves(house: House, values: dict[str, Value], stage: str) -> None:
    painter = Painter("denoise")
    request = order(painter, "request-7", **values)
    for _ in range(2):
        made = await house.pipeline.make(request, CALLER, silent)
        assert made.output is None
    assert painter.painted == (stage == "output")
    (entry,) = await house.entries()
    assert (entry["action"], entry["making"]["stage"]) == ("BLOCK", stage)
    assert not [path for path in (house.folder / "outputs").rglob("*") if path.is_file()]


async def test_a_job_that_the_model_refuses_is_recorded(house: House) -> None:
    with pytest.raises(InvalidInput, match="cannot be painted"):
        await house.pipeline.make(order(Painter(), prompt="impossible"), CALLER, silent)
    assert (await house.entries())[0]["refusal"]["field"] == "prompt"
