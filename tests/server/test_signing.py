"""Signing as it is configured: settings that are refused, what is told of expiry, what callers learn of a failure."""

from __future__ import annotations

import asyncio
import json
import uuid
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import grpc
import grpc.aio
import pytest
from google.rpc import error_details_pb2, status_pb2
from structlog.testing import capture_logs

import server.signing
from core.errors import ConfigurationError
from countersign import Client
from countersign.v1.generation_pb2 import EnhanceRequest
from countersign.v1.generation_pb2_grpc import GenerationServiceStub
from server.app import App
from server.config import Settings
from server.demo import files
from server.metrics import Metrics
from server.provenance import Identity, Permission, Trust, development_identity
from server.provenance.trust import ListKind, TrustList
from server.sections import Signing
from server.signing import imprint_of, stamper_of, trust_of, warn_of_expiry, watch_expiry
from tests.outside.authority import REPLY, Tsa
from tests.outside.strangers import Answer
from tests.outside.strangers import stranger as stranger_on_the_network
from tests.provenance.signers import stranger

NOWHERE = "http://127.0.0.1:9"


def settings(folder: Path, **fields: object) -> Settings:
    values: dict[str, object] = {"address": "127.0.0.1:0", "data_dir": folder / "data", "parsers": 1, **fields}
    return Settings.model_validate(values)


@pytest.mark.parametrize(
    ("section", "message"),
    [
        ({"chain": "c.pem", "key": "k.pem"}, "both chain and root"),
        ({"chain": "c.pem", "root": "r.pem"}, "needs one key"),
        ({"key": "k.pem"}, "needs one key"),
        (
            {
                "chain": "c.pem",
                "root": "r.pem",
                "key": "k.pem",
                "hsm": {"module": "m.so", "token": "t", "key": "k", "pin_env": "PIN"},
            },
            "needs one key",
        ),
        ({"timestamps": "required"}, "timestamp_url"),
        ({"timestamp_url": NOWHERE}, "timestamp_url"),
        ({"timestamps": "sometimes"}, "off.*preferred.*required"),
        ({"hsm": {"module": "m.so", "token": "t", "key": "k", "pin": "1234"}}, "pin"),
    ],
)
def test_settings_that_cannot_be_meant_are_refused(tmp_path: Path, section: dict[str, Any], message: str) -> None:
    file = tmp_path / "countersign.toml"
    lines = [f"{name} = {json.dumps(value)}" for name, value in section.items() if not isinstance(value, dict)]
    tables = [(name, value) for name, value in section.items() if isinstance(value, dict)]
    for name, table in tables:
        lines += [f"[server.signing.{name}]", *(f"{key} = {json.dumps(value)}" for key, value in table.items())]
    file.write_text("\n".join(["[server.signing]", *lines]))
    with pytest.raises(ConfigurationError, match=message):
        Settings.load(file, {})


def test_two_lists_of_one_name_are_refused(tmp_path: Path) -> None:
    file = tmp_path / "countersign.toml"
    file.write_text('[[server.trust]]\nname = "a"\nkind = "c2pa"\nfile = "a.pem"\n' * 2)
    with pytest.raises(ConfigurationError, match="two lists of the name 'a'"):
        Settings.load(file, {})


def test_lists_are_read_and_their_digests_told(tmp_path: Path) -> None:
    own, other = stranger(), stranger()
    file = tmp_path / "official.pem"
    file.write_text(other.root_pem)
    with capture_logs() as lines:
        trust = trust_of(settings(tmp_path, trust=({"name": "official", "kind": "c2pa", "file": file},)), own)
    assert [one.name for one in trust.lists] == ["official"]
    (line,) = lines
    assert line["lists"] == {"own": trust.own.digest, "official": trust.lists[0].digest}


def test_what_others_may_do_is_said_in_every_manifest(tmp_path: Path) -> None:
    training = {"ai_training": "notAllowed", "data_mining": "constrained", "constraint": "ask first"}
    imprint = imprint_of(settings(tmp_path, signing={"training": training}, origin="example.com/log"))
    assert imprint.log_origin == "example.com/log"
    assert imprint.mining == (
        Permission("ai_training", "notAllowed"),
        Permission("data_mining", "constrained", "ask first"),
    )


def test_timestamps_need_the_authoritys_root(tmp_path: Path) -> None:
    stamped = settings(tmp_path, signing=Signing.model_validate({"timestamps": "required", "timestamp_url": NOWHERE}))
    with pytest.raises(ConfigurationError, match="kind tsa"):
        stamper_of(stamped, Trust(stranger().root_pem), Metrics())
    assert stamper_of(settings(tmp_path), Trust(stranger().root_pem), Metrics()) is None


@pytest.mark.parametrize(
    ("left", "level"), [(timedelta(days=90), []), (timedelta(days=29), ["warning"]), (timedelta(days=-1), ["error"])]
)
def test_expiry_is_told_in_time(left: timedelta, level: list[str]) -> None:
    identity, now = stranger(), datetime.now(UTC)
    with capture_logs() as lines:
        warn_of_expiry(replace(identity, not_after=now + left), now)
    assert [line["log_level"] for line in lines] == level


async def test_expiry_is_told_while_the_server_runs() -> None:
    soon = replace(stranger(), not_after=datetime.now(UTC) + timedelta(days=3))
    with capture_logs() as lines:
        watch = asyncio.create_task(watch_expiry(soon, interval=0.01))
        async with asyncio.timeout(5):
            while len(lines) < 2:
                await asyncio.sleep(0.01)
        watch.cancel()
    assert {line["event"] for line in lines} == {"the signing certificate expires soon"}


def test_the_gauge_counts_down() -> None:
    metrics = Metrics()
    metrics.certificate_expires(datetime.now(UTC) + timedelta(hours=1))
    (sample,) = [
        sample.value
        for metric in metrics.registry.collect()
        for sample in metric.samples
        if sample.name == "countersign_signing_certificate_seconds"
    ]
    assert 3590 < sample <= 3600


class Locked(Exception):
    """What a key store raises."""


class Breakable:
    """A key that signs until it is broken."""

    def __init__(self, identity: Identity) -> None:
        self.broken = False
        self._sign = identity.sign

    def __call__(self, data: bytes) -> bytes:
        if self.broken:
            raise Locked("slot 3 of hsm-7.internal is locked")
        return self._sign(data)


async def enhance(address: str) -> tuple[grpc.aio.AioRpcError, float]:
    """The error of an order, and the seconds after which it says to come back. Asked once: clients try again."""
    order = EnhanceRequest(request_id=uuid.uuid4().hex, media=files.small(), task="denoise")
    async with grpc.aio.insecure_channel(address) as channel:
        with pytest.raises(grpc.aio.AioRpcError) as raised:
            async for _ in GenerationServiceStub(channel).Enhance(order, timeout=30):
                pass
    metadata = dict(raised.value.trailing_metadata() or ())
    status = status_pb2.Status.FromString(bytes(metadata["grpc-status-details-bin"]))
    retry = error_details_pb2.RetryInfo()
    assert any(detail.Unpack(retry) for detail in status.details)
    return raised.value, retry.retry_delay.seconds


async def test_a_key_that_fails_is_the_operators_to_know(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    identity = development_identity(tmp_path / "identity")
    key = Breakable(identity)
    monkeypatch.setattr(server.signing, "development_identity", lambda _: replace(identity, sign=key))
    app = await App.start(settings(tmp_path))
    try:
        key.broken = True
        with capture_logs() as lines:
            error, seconds = await enhance(app.address)
        key.broken = False
        with Client(app.address) as client:
            again = await asyncio.to_thread(client.enhance, files.small(), "denoise")
    finally:
        await app.close()
    assert (error.code(), error.details()) == (grpc.StatusCode.UNAVAILABLE, "the signing key gave no signature")
    assert "hsm-7" not in str(error)
    assert seconds > 0
    (line,) = [line for line in lines if line["event"] == "trouble"]
    assert "slot 3 of hsm-7.internal is locked" in line["cause"]
    assert again.media


async def test_an_output_that_must_be_stamped_waits_for_the_authority(tmp_path: Path) -> None:
    tsa = Tsa.make(tmp_path / "tsa")
    listed = {"name": "time", "kind": "tsa", "file": tsa.directory / "root.pem"}
    up = True

    def answer(query: bytes) -> Answer:
        return (200, REPLY, tsa.reply(query)) if up else (503, "text/plain", b"come back later")

    with stranger_on_the_network(answer) as authority:
        section = {"timestamps": "required", "timestamp_url": authority.url}
        app = await App.start(settings(tmp_path, signing=section, trust=(listed,)))
        try:
            with Client(app.address) as client:
                stamped = await asyncio.to_thread(client.enhance, files.small(), "denoise")
            up = False
            with capture_logs() as lines:
                error, seconds = await enhance(app.address)
        finally:
            await app.close()
    assert stamped.result.decision.provenance.trusted_by == "own"
    assert b"sigTst2" in (stamped.media or b"")
    assert (error.code(), seconds) == (grpc.StatusCode.UNAVAILABLE, 30)
    assert error.details() == "no timestamp was given for the output"
    (line,) = [line for line in lines if line["event"] == "trouble"]
    assert "answered 503" in line["cause"]


def test_an_authority_that_is_down_at_the_start_is_told_and_stops_nothing(tmp_path: Path) -> None:
    tsa = Tsa.make(tmp_path / "tsa")
    trust = Trust(stranger().root_pem, lists=(TrustList.of("time", ListKind.TSA, tsa.roots.decode()),))
    section = {"timestamps": "required", "timestamp_url": NOWHERE}
    stamper = stamper_of(settings(tmp_path, signing=section), trust, Metrics())
    assert stamper is not None
    with capture_logs() as lines:
        stamper.try_out()
    assert [line["event"] for line in lines] == ["the time-stamping authority gave no timestamp"]
    assert "127.0.0.1 did not answer" in lines[0]["cause"]


async def test_a_missing_timestamp_is_logged_counted_and_recorded(tmp_path: Path) -> None:
    tsa = Tsa.make(tmp_path / "tsa")
    trust = Trust(stranger().root_pem, lists=(TrustList.of("time", ListKind.TSA, tsa.roots.decode()),))
    metrics = Metrics()
    section = {"timestamps": "preferred", "timestamp_url": NOWHERE}
    stamper = stamper_of(settings(tmp_path, signing=section), trust, metrics)
    assert stamper is not None
    with capture_logs() as lines:
        assert await asyncio.to_thread(stamper.stamp, b"signature", 9000) == b""
    assert [line["event"] for line in lines] == ["an output leaves without a timestamp"]
    assert metrics.registry.get_sample_value("countersign_outputs_unstamped_total") == 1
