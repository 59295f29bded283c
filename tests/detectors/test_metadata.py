"""Declarations that count, and those that do not."""

from __future__ import annotations

import io
import json
from pathlib import Path

import av
import numpy as np
import pytest
from PIL import Image

from core.aigc import Aigc
from core.media import View
from detectors import declarations
from detectors.base import Finding, Verdict
from detectors.metadata import MetadataDetector
from generators.marking.aigc import aigc_packet
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


AIGC = {"Label": "1", "ContentProducer": "somebody", "ProduceID": "7"}
TC260 = 'xmlns:TC260="http://www.tc260.org.cn/ns/AIGC/1.0/"'


@pytest.mark.parametrize("label", ["1", "2", "3", 1])
@pytest.mark.parametrize("form", ["element", "attribute", "cdata", "nested"])
def test_aigc_declarations_in_xmp_however_they_are_written(label: str | int, form: str) -> None:
    text = json.dumps(AIGC | {"Label": label})
    body = {
        "element": f"<TC260:AIGC {TC260}>{text}</TC260:AIGC>",
        "attribute": f"<rdf:Description {TC260} TC260:AIGC='{text}'/>",
        "cdata": f"<a:AIGC xmlns:a='urn:sloppy'><![CDATA[{text}]]></a:AIGC>",
        "nested": f'<TC260:AIGC {TC260}>{{"AIGC":{text}}}</TC260:AIGC>',
    }[form]
    finding = examine(coded(halved("fig"), "JPEG", xmp=xmp_packet(body)))
    assert (finding.verdict, finding.codes) == (Verdict.DETECTED, (f"tc260.aigc_{label}",))
    assert b'"ContentProducer":"somebody"' in finding.evidence[0].data
    assert "somebody" not in finding.explanation


def test_two_aigc_declarations_are_both_told() -> None:
    body = "".join(f'<TC260:AIGC {TC260}>{{"Label":"{label}"}}</TC260:AIGC>' for label in "13")
    chunk = {"XML:com.adobe.xmp": xmp_packet(body).decode()}
    assert examine(with_chunks(halved("fig"), **chunk)).codes == ("tc260.aigc_1", "tc260.aigc_3")


@pytest.mark.parametrize("kind", ["JPEG", "WEBP"])
def test_an_aigc_declaration_in_exif(kind: str) -> None:
    exif = Image.Exif()
    exif[0x010E] = json.dumps({"AIGC": AIGC})
    assert examine(coded(halved("fig"), kind, exif=exif)).codes == ("tc260.aigc_1",)


@pytest.mark.parametrize("text", ["{'Label': '2'}", '{\\"Label\\":\\"2\\"}', '{"Label":"2","ProduceID":"cut o'])
def test_labels_in_what_is_no_json_are_read(text: str) -> None:
    assert examine(with_chunks(halved("fig"), AIGC=text)).codes == ("tc260.aigc_2",)


@pytest.mark.parametrize("text", ["yes", "{}", '{"Label":"4"}', '{"Label":[]}', "[" * 3000, '{"a":' * 3000, "1" * 9000])
def test_an_aigc_tag_that_cannot_be_read_is_no_clean_bill(text: str) -> None:
    finding = examine(with_chunks(halved("fig"), AIGC=text))
    assert (finding.verdict, finding.codes) == (Verdict.ABSTAINED, ("tc260.aigc_unreadable",))
    beside = examine(with_chunks(halved("fig"), AIGC=text, Software="ComfyUI"))
    assert (beside.verdict, beside.codes) == (Verdict.DETECTED, ("software.comfyui",))


def test_hostile_fields_of_a_declaration_stay_short() -> None:
    text = json.dumps(AIGC | {"ContentProducer": "\n\u202e" + "x" * 9000, "ReservedCode1": "y" * 9000})
    (evidence,) = examine(with_chunks(halved("fig"), AIGC=text)).evidence
    assert len(evidence.data) < 1000
    assert "\u202e" not in evidence.data.decode()


def test_a_film_declares_in_its_container() -> None:
    buffer = io.BytesIO()
    options = {"movflags": "use_metadata_tags"}
    with (
        av.open(io.BytesIO(film("video/mp4")), "r") as plain,
        av.open(buffer, "w", format="mp4", options=options) as container,
    ):
        container.metadata["AIGC"] = json.dumps(AIGC)
        stream = container.add_stream_from_template(plain.streams.video[0])
        for packet in plain.demux(video=0):
            if packet.dts is not None:
                packet.stream = stream
                container.mux(packet)
    assert examine(buffer.getvalue()).codes == ("tc260.aigc_1",)


def test_our_own_declaration_is_read_as_others_are() -> None:
    packet = aigc_packet(b"", Aigc("1", "acme", "log/7"), "trainedAlgorithmicMedia")
    finding = examine(coded(halved("fig"), "JPEG", xmp=packet))
    assert finding.codes == ("iptc.trainedAlgorithmicMedia", "tc260.aigc_1")


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
        {"Description": 'They call it "AIGC", Label 1 of the band'},
        {"AIGCS": '{"Labels":"1"}'},
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
