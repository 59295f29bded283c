from __future__ import annotations

import hashlib

import pytest
from google.protobuf.descriptor import FileDescriptor

from core.errors import ConfigurationError, PermissionDenied, Unauthenticated
from server.auth import METHOD_ROLES, ROLES, Authenticator
from server.health import FILES
from server.sections import Token

SCREEN = "/countersign.v1.ScreeningService/Screen"
LIST = "/countersign.v1.AuditService/ListDecisions"


def token(secret: str, *roles: str, tenant: str = "acme") -> Token:
    sha256 = hashlib.sha256(secret.encode()).hexdigest()
    return Token(name=f"{tenant}-{secret}", sha256=sha256, tenant=tenant, roles=frozenset(roles))


def bearer(secret: str) -> list[tuple[str, str | bytes]]:
    return [("authorization", f"Bearer {secret}")]


def test_every_rpc_has_a_role_and_every_role_an_rpc() -> None:
    files: list[FileDescriptor] = [each.DESCRIPTOR for each in FILES]
    methods = {
        f"/{service.full_name}/{method.name}"
        for file in files
        for service in file.services_by_name.values()
        for method in service.methods
    }
    assert set(METHOD_ROLES) == methods
    assert set(METHOD_ROLES.values()) == ROLES


def test_the_tenant_comes_from_the_token() -> None:
    authenticator = Authenticator([token("one", "screen"), token("two", "screen", tenant="other")])
    assert authenticator.admit(SCREEN, bearer("one")).tenant == "acme"
    assert authenticator.admit(SCREEN, bearer("two")).tenant == "other"


def test_a_role_opens_its_methods_only() -> None:
    authenticator = Authenticator([token("one", "screen")])
    with pytest.raises(PermissionDenied, match="audit"):
        authenticator.admit(LIST, bearer("one"))
    with pytest.raises(PermissionDenied):
        authenticator.admit("/countersign.v1.ScreeningService/Unknown", bearer("one"))


@pytest.mark.parametrize(
    "metadata",
    [
        [],
        [("authorization", "Bearer wrong")],
        [("authorization", "one")],
        [("authorization", b"Bearer one")],
        [("authorization", "Bearer one"), ("authorization", "Bearer one")],
    ],
)
def test_nobody_else_gets_in(metadata: list[tuple[str, str | bytes]]) -> None:
    with pytest.raises(Unauthenticated):
        Authenticator([token("one", "screen")]).admit(SCREEN, metadata)


def test_without_tokens_everybody_is_local() -> None:
    authenticator = Authenticator([])
    assert authenticator.is_open
    assert authenticator.admit(LIST, []).tenant == "local"


@pytest.mark.parametrize("tokens", [[token("one", "root")], [token("one")], [token("a", "screen")] * 2])
def test_bad_tokens_stop_the_start(tokens: list[Token]) -> None:
    with pytest.raises(ConfigurationError):
        Authenticator(tokens)
