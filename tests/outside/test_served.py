"""A whole server with a witness and a time-stamping authority beside it, through a rotation of its key."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest
from prometheus_client import CollectorRegistry

from core.errors import ConfigurationError
from countersign import Client
from countersign.v1 import common_pb2
from countersign.verify.checks import passed
from countersign.verify.policy import Trust
from countersign.verify.receipt import verify_receipt
from countersign.verify.timestamp import check_timestamp
from server.app import App
from server.audit.outside.rotation import rotate_key_file
from server.audit.outside.watch import Watch
from server.audit.store import open_store
from server.audit.tree.keys import load_or_create
from server.audit.tree.witnessed import Witnessed, newest_cosigned, newest_stamped
from server.config import Settings
from tests.outside.authority import Tsa, serving
from tests.outside.processes import WitnessProcess
from tests.outside.strangers import KEY

ROOT = Path(__file__).parents[2]
PHOTO = (ROOT / "tests/media/fig.jpg").read_bytes()
ORIGIN = "log.example/served"


def settings(folder: Path, **fields: Any) -> Settings:
    base = {"address": "127.0.0.1:0", "data_dir": folder / "data", "parsers": 1, "origin": ORIGIN}
    return Settings.model_validate(base | fields)


def verified(receipt: common_pb2.Receipt, trust: Trust) -> bool:
    fields = {
        "decision_id": receipt.decision_id,
        "log_index": receipt.log_index,
        "entry": receipt.entry.decode(),
        "proof": receipt.proof,
        "log_key": receipt.log_key,
    }
    return passed(verify_receipt(json.loads(json.dumps(fields)), PHOTO, trust))


async def vouched_for(url: str, size: int) -> Witnessed:
    """The newest checkpoint, once it has both a cosignature and a timestamp and covers `size` entries."""
    store = open_store(url)
    try:
        for _ in range(200):
            with store.reading() as connection:
                cosigned, stamped = newest_cosigned(connection), newest_stamped(connection)
            if cosigned is not None and cosigned == stamped and cosigned.size >= size:
                return cosigned
            await asyncio.sleep(0.1)
    finally:
        store.close()
    raise TimeoutError


async def test_a_server_is_witnessed_before_and_after_its_key_changes(tmp_path: Path) -> None:
    tsa = Tsa.make(tmp_path / "tsa")
    (tmp_path / "data").mkdir(mode=0o700)
    load_or_create(tmp_path / "data", ORIGIN)
    pinned = (tmp_path / "data/log.vkey").read_text().strip()
    receipts = []
    with serving(tsa) as authority, WitnessProcess(tmp_path / "w", "witness.example/one", pinned) as witness:
        values = settings(
            tmp_path,
            witnesses=[{"url": witness.url, "key": witness.key}],
            timestamps={"url": authority.url, "roots": tsa.directory / "root.pem"},
        )
        for number in range(2):
            app = await App.start(values)
            with Client(app.address) as client:
                answer = await asyncio.to_thread(client.screen, PHOTO, request_id=f"request-{number}")
            await app.close()
            receipts.append(answer.receipt)
            # A server looks for what is not cosigned yet when it starts, and then once a minute.
            app = await App.start(values)
            found = await vouched_for(values.url, answer.receipt.log_index + 1)
            await app.close()
            assert found.timestamp is not None
            assert check_timestamp(found.timestamp, found.note, tsa.roots).ok
            if number == 0:
                said = [step async for step in rotate_key_file(values.url, values.data_dir, ORIGIN)]
                assert len(said) == 5
                witness.stop()
                witness.rotations = [values.data_dir / "log.rotation.1"]
                witness.start()
        statement = (values.data_dir / "log.rotation.1").read_text()
    before, after = receipts
    assert before.log_key == pinned != after.log_key
    assert verified(before, Trust((pinned,)))
    for receipt in receipts:
        assert verified(receipt, Trust((pinned,), (statement,)))


@pytest.mark.parametrize(
    "fields",
    [
        {"witnesses": [{"url": "https://witness.example", "key": "no key"}]},
        {"witnesses": [{"url": "https://witness.example?q", "key": str(KEY)}]},
        {"witnesses": [{"url": f"https://{name}.example", "key": str(KEY)} for name in "ab"]},
        {"timestamps": {"url": "https://tsa.example", "roots": "/nowhere/roots.pem"}},
        {"timestamps": {"url": "https://tsa.example", "roots": __file__}},
    ],
)
async def test_a_server_does_not_start_with_what_cannot_be_asked(tmp_path: Path, fields: dict[str, Any]) -> None:
    with pytest.raises(ConfigurationError):
        await App.start(settings(tmp_path, **fields))


async def test_a_server_whose_key_was_lost_makes_none(tmp_path: Path) -> None:
    values = settings(tmp_path)
    await (await App.start(values)).close()
    key, verifier = values.data_dir / "log.key", values.data_dir / "log.vkey"
    known = verifier.read_text()
    key.rename(tmp_path / "kept")
    with pytest.raises(ConfigurationError, match="put it back"):
        await App.start(values)
    assert not key.exists()
    assert verifier.read_text() == known
    (tmp_path / "kept").rename(key)
    await (await App.start(values)).close()


def test_what_operators_watch_is_documented() -> None:
    registry = CollectorRegistry()
    Watch(registry)
    text = (ROOT / "docs/operations.md").read_text()
    assert [metric.name for metric in registry.collect() if f"`{metric.name}`" not in text] == []
