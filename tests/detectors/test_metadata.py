"""Declarations that count, and those that do not."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from core.media import View
from detectors import declarations
from detectors.base import Finding, Verdict
from detectors.metadata import MetadataDetector
from tests.core.files import film
from tests.detectors.making import A1111, PHOTOGRAPHS, PROMPT, coded, halved, media, with_chunks, xmp_packet

GRAPH = {
    "3": {
        "class_type": "KSampler",
        "inputs": {"seed": 1, "model": ["4", 0], "positive": ["6", 0], "negative": ["6", 0]},
    },
    "4": {"class_type": "CheckpointLoaderSimple", "inputs": {"ckpt_name": "some-model"}},
    "6": {"class_type": "CLIPTextEncode", "inputs": {"text": PROMPT, "clip": ["4", 1]}},
}
IPTC = "http://cv.iptc.org/newscodes/digitalsourcetype/"


def examine(data: bytes) -> Finding:
    return MetadataDetector().detect([media(data)])[0]


def test_a_stable_diffusion_record_is_a_declaration_and_its_prompt_evidence() -> None:
    finding = examine(with_chunks(halved("fig"), parameters=A1111))
    assert finding.verdict is Verdict.DETECTED
    assert finding.codes == ("sd.prompt", "software.automatic1111")
    assert finding.probability is None
    assert finding.score is None
    assert PROMPT not in finding.explanation
    (evidence,) = finding.evidence
    assert evidence.kind == "text"
    assert PROMPT in evidence.data.decode()


def test_a_comfyui_workflow_is_a_declaration() -> None:
    finding = examine(with_chunks(halved("fig"), prompt=json.dumps(GRAPH)))
    assert finding.codes == ("comfyui.workflow", "sd.prompt", "software.comfyui")
    assert PROMPT in finding.evidence[0].data.decode()


@pytest.mark.parametrize(
    ("chunks", "code"),
    [
        ({"Software": "NovelAI", "Source": "NovelAI Diffusion V3", "Comment": "{}"}, "software.novelai"),
        ({"invokeai_metadata": json.dumps({"positive_prompt": PROMPT})}, "software.invokeai"),
        ({"Dream": f'"{PROMPT}" -s 20 -S 1 -A k_euler'}, "software.invokeai"),
        ({"parameters": json.dumps({"version": "Fooocus v2.5", "prompt": PROMPT})}, "software.fooocus"),
        ({"parameters": json.dumps({"sui_image_params": {"prompt": PROMPT}})}, "software.swarmui"),
        ({"Description": f"{PROMPT} --v 6 Job ID: 01234567-89ab-cdef-0123-456789abcdef"}, "software.midjourney"),
        ({"AIGC": json.dumps({"Label": "1", "ContentProducer": "somebody"})}, "tc260.aigc_1"),
    ],
)
def test_other_generators_records(chunks: dict[str, str], code: str) -> None:
    finding = examine(with_chunks(halved("fig"), **chunks))
    assert finding.verdict is Verdict.DETECTED
    assert code in finding.codes


@pytest.mark.parametrize("term", declarations.SOURCE_TYPES)
@pytest.mark.parametrize("form", ["element", "attribute", "resource"])
def test_iptc_source_types_however_they_are_written(term: str, form: str) -> None:
    body = {
        "element": f"<Iptc4xmpExt:DigitalSourceType>{IPTC}{term}</Iptc4xmpExt:DigitalSourceType>",
        "attribute": f'<rdf:Description Iptc4xmpExt:DigitalSourceType="{IPTC}{term}"/>',
        "resource": f'<Iptc4xmpExt:DigitalSourceType rdf:resource="{IPTC}{term}"/>',
    }[form]
    finding = examine(coded(halved("fig"), "JPEG", xmp=xmp_packet(body)))
    assert finding.codes == (f"iptc.{term}",)


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "AVIF", "TIFF"])
def test_software_that_names_itself_in_exif(kind: str) -> None:
    exif = Image.Exif()
    exif[0x0131] = "DALL-E 3"
    finding = examine(coded(halved("fig"), kind, exif=exif))
    assert finding.codes == ("software.dall_e",)


@pytest.mark.parametrize("kind", ["JPEG", "WEBP"])
def test_a_record_in_the_user_comment(kind: str) -> None:
    exif = Image.Exif()
    exif.get_ifd(0x8769)[0x9286] = b"UNICODE\x00" + A1111.encode("utf-16-be")
    exif[0x8769] = exif.get_ifd(0x8769)
    finding = examine(coded(halved("fig"), kind, exif=exif))
    assert finding.codes == ("sd.prompt", "software.automatic1111")


def test_a_record_hidden_in_alpha() -> None:
    alpha = np.full((64, 64), 254, np.uint8)
    bits = np.unpackbits(np.frombuffer(b"stealth_pngcomp", np.uint8))
    alpha.T.flat[: len(bits)] |= bits
    rgba = np.dstack([halved("fig")[:64, :64], alpha])
    assert examine(coded(Image.fromarray(rgba))).codes == ("sd.hidden_record",)


@pytest.mark.parametrize("path", sorted(PHOTOGRAPHS.glob("*.jpg")), ids=lambda path: path.stem)
def test_photographs_declare_nothing_and_that_proves_nothing(path: Path) -> None:
    finding = examine(path.read_bytes())
    assert finding.verdict is Verdict.NOT_DETECTED
    assert "proves nothing" in finding.explanation


@pytest.mark.parametrize(
    "chunks",
    [
        {"Description": "Midjourney, a day trip near Sora"},
        {"Comment": "Steps: to the lighthouse"},
        {"prompt": "not a graph"},
        {"workflow": "[1, 2"},
        {"Title": "Firefly at night", "Author": "Pika Labs"},
    ],
)
def test_a_caption_is_no_declaration(chunks: dict[str, str]) -> None:
    assert examine(with_chunks(halved("fig"), **chunks)).verdict is Verdict.NOT_DETECTED


def test_damaged_tags_are_an_abstention() -> None:
    finding = examine(coded(halved("fig"), "JPEG", xmp=b"<x:xmpmeta><unclosed>"))
    assert finding.verdict is Verdict.ABSTAINED
    assert finding.codes == ("tags.damaged",)


def test_a_declaration_counts_beside_damaged_tags() -> None:
    exif = Image.Exif()
    exif[0x0131] = "Adobe Firefly"
    finding = examine(coded(halved("fig"), "JPEG", exif=exif, xmp=b"<x:xmpmeta><unclosed>"))
    assert finding.codes == ("software.adobe_firefly",)


def test_a_film_without_declarations() -> None:
    assert examine(film("video/mp4")).verdict is Verdict.NOT_DETECTED


def test_facts_of_a_lying_worker_do_not_raise() -> None:
    item = media(coded(halved("fig")))
    odd = View(facts={"generation": None, "damaged": ["exif"], "text": {}})
    views = {**item.views, "tags": odd}
    lied = type(item)(item.data, item.kind, item.mime, item.digest, item.width, item.height, 0.0, item.pictures, views)
    assert MetadataDetector().detect([lied])[0].verdict is Verdict.ABSTAINED
