"""Starts a server of its own, sends it files as a platform would, stops it, and verifies the receipts offline.

Everything is real: the same server, client and verifier that `countersign serve`, `screen` and `verify` use.
"""

from __future__ import annotations

import asyncio
import io
import json
import tempfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from PIL import Image
from rich.console import Console

from core.errors import ConfigurationError
from countersign import Client
from countersign.receipts import receipt_json
from countersign.v1 import model_pb2
from countersign.verify.receipt import verify_receipt
from detectors.hash_list import Entry, HashKind, HashList
from detectors.pdq import pdq
from server import logs
from server.app import App
from server.config import Settings
from server.demo import files, show
from server.demo.row import Row
from server.own_models import OwnModel

PROMPT = "three lemons, flat style"
TEXT_TO_IMAGE = "text_to_image"


def run(output: Path, console: Console | None = None, models: Sequence[OwnModel] = ()) -> bool:
    """Runs the demo, leaving its files in `output`. True when every receipt verified.

    models: text-to-image models beside the shipped ones.
    """
    console = console or Console()
    logs.configure(level="ERROR")
    output.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="countersign-demo-") as folder:
        rows = asyncio.run(with_server(Path(folder), output, console, models))
    console.print("\nThe server is stopped. Verifying every receipt offline …")
    verified = [verify(row, output) for row in rows]
    show.closing(console, rows, verified, output)
    return all(verified)


async def with_server(folder: Path, output: Path, console: Console, models: Sequence[OwnModel]) -> list[Row]:
    """Starts the server, lets the visitor work in a thread, stops the server."""
    known = folder / "known.jsonl"
    listed(files.known()).save(known)
    settings = Settings(address="127.0.0.1:0", data_dir=folder / "data", hash_list=known, models=tuple(models))
    with console.status("Starting a server: sandbox, models, keys, log …"):
        app = await App.start(settings)
    try:
        console.print(f"A server of its own runs on {app.address}.")
        return await asyncio.to_thread(visit, app.address, output, console)
    finally:
        await app.close()


def listed(picture: bytes) -> HashList:
    """A list of known content with one entry: the PDQ hash of `picture`."""
    hashed = pdq(np.asarray(Image.open(io.BytesIO(picture)).convert("RGB")))
    return HashList().add(Entry(HashKind.PDQ, hashed.hex, "demo", "shown in the demo"))


def visit(address: str, output: Path, console: Console) -> list[Row]:
    """What a platform does: screen some files, improve one and make one, look at what came back."""
    with Client(address) as client:
        screened = [
            screen(client, output, console, name, data)
            for name, data in (
                ("photo.jpg", files.photograph()),
                ("tampered.jpg", files.copy_moved()),
                ("generated.png", files.generator_chunk()),
                ("known_again.jpg", files.known_again()),
            )
        ]
        enhanced = enhance(client, output, console)
        back = [
            screen(client, output, console, "enhanced_altered.jpg", files.altered(enhanced.media)),
            screen(client, output, console, "enhanced_shared.jpg", files.shared(enhanced.media)),
        ]
        made = generate(client, output, console)
    return [*screened, enhanced, *back, *made]


def screen(client: Client, output: Path, console: Console, name: str, data: bytes) -> Row:
    """Screens one file and keeps it, with its evidence."""
    (output / name).write_bytes(data)
    with console.status(f"Screening {name} …"):
        answer = client.screen(data, include_evidence=True)
    for finding in answer.decision.findings:
        for evidence in finding.evidence:
            if evidence.kind == "mask" and evidence.data:
                (output / f"{Path(name).stem}_{finding.detector}_mask.png").write_bytes(evidence.data)
    return Row(name, data, answer.decision, answer.receipt)


def enhance(client: Client, output: Path, console: Console) -> Row:
    """Enlarges a small copy of the photograph; what comes back is signed."""
    (output / "small.jpg").write_bytes(files.small())
    with show.progress(console, "Enlarging small.jpg ×2") as report:
        answer = client.enhance(files.small(), "upscale", parameters={"scale": "2"}, progress=report)
    if answer.media is None:
        raise ConfigurationError("the policy blocked the demo's own photograph")
    (output / "enhanced.jpg").write_bytes(answer.media)
    return Row("enhanced.jpg", answer.media, answer.result.decision, answer.result.receipt)


def generate(client: Client, output: Path, console: Console) -> list[Row]:
    """Makes a picture of words, shows it, screens it as if a stranger had sent it, and has its credential judged."""
    makers = [each for each in client.list_models(model_pb2.MODEL_ROLE_GENERATOR) if each.task == TEXT_TO_IMAGE]
    if not makers:
        console.print("No text-to-image model is installed here, so no picture is made.")
        return []
    with show.progress(console, f"Making “{PROMPT}”") as report:
        answer = client.generate(PROMPT, parameters={"size": "256"}, seed=7, progress=report)
    if answer.media is None:
        raise ConfigurationError("the policy blocked the demo's own prompt")
    (output / "made.png").write_bytes(answer.media)
    show.picture(console, answer.media)
    credential = client.inspect(answer.media).provenance
    show.made(console, PROMPT, output / "made.png", answer.result, credential)
    made = Row("made.png", answer.media, answer.result.decision, answer.result.receipt)
    return [made, screen(client, output, console, "made_again.png", answer.media)]


def verify(row: Row, output: Path) -> bool:
    """Checks a receipt as a stranger would: the receipt, the file, and nothing else."""
    receipt = receipt_json(row.receipt)
    (output / f"{row.file}.receipt.json").write_text(json.dumps(receipt, indent=1))
    return all(check.ok for check in verify_receipt(receipt, row.media, receipt["log_key"]))
