"""The composition root: what a server starts with, and what stops it from starting."""

from __future__ import annotations

import asyncio
import datetime
import hashlib
import socket
import time
import urllib.request
import uuid
from pathlib import Path
from typing import Any

import grpc
import grpc.aio
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from grpc_reflection.v1alpha import reflection_pb2, reflection_pb2_grpc
from structlog.testing import capture_logs

from core.errors import ConfigurationError
from countersign import Client
from countersign.v1 import audit_pb2, common_pb2
from countersign.v1.audit_pb2_grpc import AuditServiceStub
from server.app import GRACE, App
from server.audit import AuditLog, Entry
from server.audit.sql import schema
from server.audit.tree import keys
from server.config import Settings
from server.demo import files
from server.provenance.certificates import claim_signer, intermediate_authority, pem, root_authority
from server.sections import Signing, Tls, Token
from tests.provenance.conftest import opinion_of

MEDIA = Path(__file__).parents[1] / "media"


def settings(folder: Path, **fields: object) -> Settings:
    values: dict[str, object] = {"address": "127.0.0.1:0", "data_dir": folder / "data", "parsers": 1, **fields}
    return Settings.model_validate(values)


def self_signed(folder: Path) -> Tls:
    """A server certificate for localhost that is its own authority."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = datetime.datetime.now(datetime.UTC)
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(minutes=1))
        .not_valid_after(now + datetime.timedelta(hours=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    (folder / "server.pem").write_bytes(certificate.public_bytes(pem))
    private = key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    (folder / "server.key").write_bytes(private)
    return Tls(certificate=folder / "server.pem", key=folder / "server.key")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


async def test_a_server_starts_from_nothing_and_again_on_what_it_left(tmp_path: Path) -> None:
    photo = (MEDIA / "fig.jpg").read_bytes()
    request_id = uuid.uuid4().hex
    decisions = set()
    for _ in range(2):
        app = await App.start(settings(tmp_path))
        try:
            with Client(app.address) as client:
                answer = await asyncio.to_thread(client.screen, photo, request_id=request_id)
            decisions.add(answer.decision.decision_id)
        finally:
            await app.close()
    assert len(decisions) == 1, "the second server finds the first one's record"
    secret = [path for path in (tmp_path / "data").rglob("*") if path.is_file() and b"PRIVATE KEY" in path.read_bytes()]
    assert len(secret) >= 2, "the log's key and the signer's"
    assert all(path.stat().st_mode & 0o077 == 0 for path in secret)


async def test_work_that_a_crash_cut_short_is_told_at_the_next_start(tmp_path: Path) -> None:
    values = settings(tmp_path)
    values.data_dir.mkdir()
    schema.upgrade(values.url)
    log = await AuditLog.open(values.url, keys.load_or_create(values.data_dir, values.origin), values.origin)
    await log.append(Entry("intent", "acme", "test", "request-1", "", {}))
    await log.close()
    with capture_logs() as lines:
        await (await App.start(values)).close()
    assert [line["log_indexes"] for line in lines if "log_indexes" in line] == [[0]]


async def test_two_servers_on_one_data_directory_keep_one_log(tmp_path: Path) -> None:
    photo, request_id = (MEDIA / "fig.jpg").read_bytes(), uuid.uuid4().hex
    first = await App.start(settings(tmp_path))
    try:
        second = await App.start(settings(tmp_path))
        try:
            with Client(first.address) as one, Client(second.address) as other:
                decided = await asyncio.to_thread(other.screen, photo, request_id=request_id)
                again = await asyncio.to_thread(one.screen, photo, request_id=request_id)
        finally:
            await second.close()
    finally:
        await first.close()
    assert decided.receipt.entry == again.receipt.entry
    assert decided.receipt.log_key == again.receipt.log_key


async def test_a_taken_port_is_named(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        with pytest.raises(ConfigurationError, match=address):
            await App.start(settings(tmp_path, address=address))


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("policy", "id: x\nversion: 1\nrules: []\n", "rules"),
        ("hash_list", "not a list\n", "list"),
    ],
)
async def test_what_cannot_be_loaded_stops_the_start(tmp_path: Path, name: str, text: str, message: str) -> None:
    file = tmp_path / "file"
    file.write_text(text)
    with pytest.raises(ConfigurationError, match=message):
        await App.start(settings(tmp_path, **{name: file}))


async def test_tls_and_tokens(tmp_path: Path) -> None:
    tls = self_signed(tmp_path)
    token = Token(name="t", sha256=hashlib.sha256(b"secret").hexdigest(), tenant="acme", roles=frozenset({"screen"}))
    app = await App.start(settings(tmp_path, address="localhost:0", tls=tls, tokens=(token,)))
    try:
        authority = grpc.ssl_channel_credentials(tls.certificate.read_bytes())
        photo = (MEDIA / "fig.jpg").read_bytes()
        with Client(app.address, token="secret", credentials=authority) as client:  # noqa: S106
            answer = await asyncio.to_thread(client.screen, photo)
        assert answer.decision.tenant == "acme"
    finally:
        await app.close()


async def test_metrics_count_what_happened(tmp_path: Path) -> None:
    port = free_port()
    app = await App.start(settings(tmp_path, metrics_address=f"127.0.0.1:{port}"))
    try:
        with Client(app.address) as client:
            await asyncio.to_thread(client.screen, (MEDIA / "fig.jpg").read_bytes())
        url = f"http://127.0.0.1:{port}/metrics"
        text = await asyncio.to_thread(lambda: urllib.request.urlopen(url).read().decode())
    finally:
        await app.close()
    assert 'countersign_decisions_total{action="ALLOW",direction="inbound"} 1.0' in text
    assert "countersign_healthy 1.0" in text


async def test_a_server_that_is_followed_stops_at_once(tmp_path: Path) -> None:
    app = await App.start(settings(tmp_path))
    async with grpc.aio.insecure_channel(app.address) as channel:
        stub: Any = AuditServiceStub(channel)
        call = stub.StreamDecisions(audit_pb2.StreamDecisionsRequest())
        await call.read()
        started = time.monotonic()
        await app.close()
        assert time.monotonic() - started < GRACE / 2
        with pytest.raises(grpc.aio.AioRpcError):
            await call.read()


async def test_reflection_names_every_service(tmp_path: Path) -> None:
    app = await App.start(settings(tmp_path))
    try:
        async with grpc.aio.insecure_channel(app.address) as channel:
            stub = reflection_pb2_grpc.ServerReflectionStub(channel)
            request = reflection_pb2.ServerReflectionRequest(list_services="")
            async for answer in stub.ServerReflectionInfo(iter([request]), timeout=5):
                names = {service.name for service in answer.list_services_response.service}
    finally:
        await app.close()
    assert {
        f"countersign.v1.{name}Service"
        for name in ("Screening", "Generation", "Provenance", "Audit", "Review", "Privacy", "Model")
    } <= names


async def test_the_operators_own_identity_signs(tmp_path: Path) -> None:
    root = root_authority()
    intermediate = intermediate_authority(root)
    leaf = claim_signer(intermediate)
    chain, key, top = tmp_path / "chain.pem", tmp_path / "key.pem", tmp_path / "root.pem"
    chain.write_text(pem(leaf.certificate, intermediate.certificate))
    top.write_text(pem(root.certificate))
    form = (serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    key.write_bytes(leaf.key.private_bytes(*form))
    key.chmod(0o600)
    app = await App.start(settings(tmp_path, signing=Signing(chain=chain, key=key, root=top)))
    try:
        with Client(app.address) as client:
            made = await asyncio.to_thread(client.enhance, files.small(), "denoise")
            chosen = await asyncio.to_thread(client.enhance, files.small(), "auto")
    finally:
        await app.close()
    assert made.result.decision.provenance.state == common_pb2.CREDENTIAL_STATE_TRUSTED
    opinion = opinion_of(made.media or b"", "image/jpeg", pem(root.certificate))
    assert (opinion.intact, opinion.trusted) == (True, True)
    told = made.result.fidelity
    assert told.HasField("mean_change")
    assert not told.HasField("consistency_rmse")
    assert told.sharpness_before > told.sharpness_after > 0
    assert b"org.countersign.fidelity" in (made.media or b"")
    assert made.result.plan.startswith("noise of σ ")
    assert "JPEG quality" in chosen.result.plan
    assert chosen.result.plan.encode() in (chosen.media or b"")
    assert not (tmp_path / "data/provenance").exists(), "no authority of our own is made beside it"
