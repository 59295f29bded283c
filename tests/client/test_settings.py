"""Where settings come from, which are refused, and TLS."""

from __future__ import annotations

import datetime
import ipaddress
from pathlib import Path

import grpc
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from countersign.client import Client
from countersign.errors import ConfigurationError, ServerUnavailable
from countersign.retry import Retry
from countersign.settings import ClientSettings, is_loopback
from tests.client.fake_server import FakeServer, serving

DAY = datetime.timedelta(days=1)


def test_the_environment_goes_before_the_file(tmp_path: Path) -> None:
    file = tmp_path / "countersign.toml"
    file.write_text('[client]\naddress = "a:1"\ntoken = "t"\nca = "ca.pem"\n[server]\naddress = "b:2"\n')
    settings = ClientSettings.load(environment={"COUNTERSIGN_CONFIG": str(file), "COUNTERSIGN_TOKEN": "other"})
    assert settings == ClientSettings("a:1", "other", tmp_path / "ca.pem")


def test_nothing_given_is_this_machine() -> None:
    assert ClientSettings.load(environment={}) == ClientSettings("127.0.0.1:50051", "", None)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("[client]\naddres = 'a:1'", "'addres'"),
        ("[client]\naddress = 1", "'address' = 1"),
        ("client = 1", "not a table"),
        ("[client", "is not TOML"),
    ],
)
def test_a_misspelt_setting_is_named(tmp_path: Path, text: str, reason: str) -> None:
    file = tmp_path / "countersign.toml"
    file.write_text(text)
    with pytest.raises(ConfigurationError, match=reason):
        ClientSettings.load(file, {})


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"cannot read .*no\.toml: No such file"):
        ClientSettings.load(tmp_path / "no.toml", {})


@pytest.mark.parametrize("address", ["127.0.0.1:1", "localhost:1", "[::1]:1", "127.9.9.9:1"])
def test_loopback_addresses(address: str) -> None:
    assert is_loopback(address)


@pytest.mark.parametrize("address", ["10.0.0.1:1", "localhost.example.com:1", "0.0.0.0:1", "127.0.0.1.example.com:1"])
def test_a_token_never_leaves_the_machine_in_plain_text(address: str) -> None:
    assert not is_loopback(address)
    with pytest.raises(ConfigurationError, match="plain text"):
        Client(address, token="secret")  # noqa: S106
    Client(address).close()


def test_a_ca_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"cannot read the CA file .*no\.pem"):
        Client(ca_file=tmp_path / "no.pem")


def certificate() -> tuple[bytes, bytes]:
    """Key and self-signed certificate of 127.0.0.1, PEM."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.datetime.now(datetime.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - DAY)
        .not_valid_after(now + DAY)
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False)
        .sign(key, hashes.SHA256())
    )
    pem = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    return pem, made.public_bytes(serialization.Encoding.PEM)


def test_a_ca_file_turns_tls_on_and_carries_the_token(tmp_path: Path) -> None:
    key, chain = certificate()
    ca = tmp_path / "ca.pem"
    ca.write_bytes(chain)
    with serving(FakeServer(), grpc.ssl_server_credentials([(key, chain)])) as server:
        with Client(server.address, token="secret", ca_file=ca) as client:  # noqa: S106
            assert client.list_models()
        assert server.tokens == ["Bearer secret"]


def test_a_server_of_another_authority_is_not_believed(tmp_path: Path) -> None:
    ca = tmp_path / "ca.pem"
    ca.write_bytes(certificate()[1])
    retry = Retry(attempts=1)
    with (
        serving(FakeServer(), grpc.ssl_server_credentials([certificate()])) as server,
        Client(server.address, ca_file=ca, retry=retry) as client,
        pytest.raises(ServerUnavailable),
    ):
        client.list_models()
    assert not server.seen
