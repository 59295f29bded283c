"""A DICOM file through the pipeline: signed beside itself, given again, forgotten; and nothing told of the patient."""

from __future__ import annotations

import json
import logging
import uuid
from typing import Any

import numpy as np
import pytest

from core.errors import InvalidInput
from core.media import digest_of
from core.registry import Registry
from generators.base import PHOTO, Card, Generator
from generators.medical.enhancement import UNMARKED
from generators.parameters import parse
from server.audit.privacy.erasure import Aftercare, erase_subject
from server.audit.privacy.scrub import scrubber
from server.requests import Made, Order
from tests import dicoms
from tests.server.conftest import CALLER, House, leaf, png
from tests.server.fakes import Painter

pytestmark = pytest.mark.asyncio(loop_scope="session")


class Inventor(Painter):
    """A model whose card keeps it from medical pictures."""

    card = Card("Apache-2.0", "Paints.", "Paints badly.", "# Painter", frozenset({PHOTO}))


def silent(_stage: str, _fraction: float) -> None:
    pass


@pytest.fixture(scope="module")
def nlm() -> Generator:
    from generators import catalog  # with the classical methods alone: no weights are read

    registry = Registry[Generator]("generator")
    for each in catalog.classical():
        registry.add(each.name, each)
    return registry.get("nlm")


def order(model: Generator, data: bytes, **fields: Any) -> Order:
    request = fields.pop("request_id", uuid.uuid4().hex)
    return Order(request, model, parse(model.parameters, {}), source=data, **fields)


async def make(house: House, model: Generator, data: bytes, **fields: Any) -> Made:
    return await house.pipeline.make(order(model, data, **fields), CALLER, silent)


async def test_the_output_is_signed_beside_itself_and_recorded(house: House, nlm: Generator) -> None:
    made = await make(house, nlm, dicoms.real(dicoms.CT))
    assert made.output
    assert dicoms.read(made.output).PatientName == dicoms.read(dicoms.real(dicoms.CT)).PatientName
    _, credential = await house.examiner.inspect(made.output, made.beside)
    assert credential.state.value == "trusted"
    entry = leaf(made.recorded)
    assert entry["media"]["mime"] == dicoms.MIME
    assert entry["media"]["beside"] == digest_of(made.beside)
    assert entry["making"]["marks"] == {"watermarked": False, "unmarked": UNMARKED}
    assert entry["making"]["notes"]["unit"] == "HU"
    said = json.loads(credential.store_json)["manifests"][credential.manifest_id]["assertions"]
    (fidelity,) = (one["data"] for one in said if one["label"] == "org.countersign.fidelity")
    assert (fidelity["unit"], fidelity["consistency_max"] <= 0.5) == ("HU", True)


async def test_the_same_request_gets_both_files_again(house: House, nlm: Generator) -> None:
    request = uuid.uuid4().hex
    first = await make(house, nlm, dicoms.real(dicoms.MR), request_id=request)
    second = await make(house, nlm, dicoms.real(dicoms.MR), request_id=request)
    assert (second.output, second.beside) == (first.output, first.beside)


async def test_the_patient_is_in_the_file_alone(house: House, nlm: Generator, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG):
        made = await make(house, nlm, dicoms.real(dicoms.CT))
    assert made.output
    assert dicoms.PATIENT in made.output
    before = dicoms.read(dicoms.real(dicoms.CT))
    private = (dicoms.PATIENT, before.PatientID.encode(), before.SOPInstanceUID.encode(), b"JFK IMAGING")
    kept = (file.read_bytes() for file in house.folder.rglob("*") if file.is_file() and "outputs" not in file.parts)
    everything = b"".join((*kept, made.recorded.leaf, made.beside, caplog.text.encode()))
    assert not [text for text in private if text in everything]


async def test_refusals_tell_nothing_of_the_patient(house: House, nlm: Generator) -> None:
    broken = dicoms.edited(dicoms.CT, SOPClassUID=None)
    with pytest.raises(InvalidInput, match="SOPClassUID"):
        await make(house, nlm, broken)
    assert dicoms.PATIENT.decode() not in json.dumps((await house.entries())[0])


async def test_a_model_that_invents_is_refused_on_the_record_and_makes_nothing(house: House) -> None:
    inventor = Inventor("upscale")
    with pytest.raises(InvalidInput, match="not for medical pictures") as refused:
        await house.pipeline.make(Order(uuid.uuid4().hex, inventor, source=dicoms.real(dicoms.MR)), CALLER, silent)
    assert refused.value.field == "model"
    assert (await house.entries())[0]["refusal"]["field"] == "model"


async def test_both_files_are_removed_when_a_person_is_forgotten(house: House, nlm: Generator) -> None:
    made = await make(house, nlm, dicoms.real(dicoms.MR), subject="u1")
    assert made.output
    digests = [digest_of(made.output), digest_of(made.beside)]
    assert [house.outputs.get(digest) for digest in digests] == [made.output, made.beside]
    aftercare = Aftercare(house.outputs.forget, scrubber(house.url))
    who = {"tenant": CALLER.tenant, "actor": "staff", "request_id": uuid.uuid4().hex, "subject": "u1"}
    await erase_subject(house.log, aftercare, **who)
    assert [house.outputs.get(digest) for digest in digests] == [None, None]


async def test_a_store_beside_a_format_that_holds_its_own_is_refused(house: House) -> None:
    with pytest.raises(InvalidInput) as refused:
        await house.examiner.inspect(png(), b"a store")
    assert refused.value.field == "manifest_store"


async def test_dicom_is_screened_as_its_window_shows_it(house: House) -> None:
    media = await house.examiner.open(dicoms.real(dicoms.MR))
    assert (media.mime, media.frames()[0].pixels.shape) == (dicoms.MIME, (64, 64, 3))
    assert not np.array_equal(media.frames()[0].pixels, np.zeros_like(media.frames()[0].pixels))
