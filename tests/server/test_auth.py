from __future__ import annotations

import hashlib
from collections.abc import Iterable

import pytest
from google.protobuf.descriptor import FileDescriptor
from pydantic import ValidationError

from core.errors import ConfigurationError, PermissionDenied, Unauthenticated
from server.auth import METHOD_ROLES, ROLES, Authenticator
from server.health import FILES
from server.sections import Token

SCREEN = "/countersign.v1.ScreeningService/Screen"
LIST = "/countersign.v1.AuditService/ListDecisions"


def token(secret: str, *roles: str, tenant: str = "acme", reads: Iterable[str] = ()) -> Token:
    sha256 = hashlib.sha256(secret.encode()).hexdigest()
    name = f"{tenant}-{secret}"
    return Token(name=name, sha256=sha256, tenant=tenant, roles=frozenset(roles), reads=frozenset(reads))


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
    assert all(METHOD_ROLES.values()), "a method without a role is closed to everybody"
    assert frozenset().union(*METHOD_ROLES.values()) == ROLES


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


@pytest.mark.parametrize("role", ["policy", "policy_approve", "policy_activate"])
def test_whoever_takes_a_step_with_a_policy_may_look_at_it_and_take_no_other(role: str) -> None:
    authenticator = Authenticator([token("one", role)])
    service = "/countersign.v1.PolicyService"
    for method in ("ListPolicies", "GetPolicy"):
        assert authenticator.admit(f"{service}/{method}", bearer("one")).roles == {role}
    own = {"policy": "ProposePolicy", "policy_approve": "ApprovePolicy", "policy_activate": "ActivatePolicy"}
    for needed, method in own.items():
        if needed == role:
            authenticator.admit(f"{service}/{method}", bearer("one"))
            continue
        with pytest.raises(PermissionDenied, match=f"'acme-one' lacks the role '{needed}'$"):
            authenticator.admit(f"{service}/{method}", bearer("one"))


def test_who_has_none_of_several_roles_is_told_all_of_them() -> None:
    with pytest.raises(PermissionDenied, match="lacks the role 'policy' or 'policy_activate' or 'policy_approve'$"):
        Authenticator([token("one", "audit")]).admit("/countersign.v1.PolicyService/GetPolicy", bearer("one"))


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


def test_a_token_reads_its_own_tenant_and_those_it_lists() -> None:
    caller = Authenticator([token("one", "audit", reads=["other"])]).admit(LIST, bearer("one"))
    assert [caller.reading(named) for named in ("", "acme", "other")] == ["acme", "acme", "other"]
    with pytest.raises(PermissionDenied, match="third"):
        caller.reading("third")
    assert caller.tenant == "acme", "what it writes stays its own"


def test_a_token_that_lists_nobody_reads_its_own_tenant_only() -> None:
    tokens = [token("one", "audit"), token("two", "audit", tenant="other")]
    caller = Authenticator(tokens).admit(LIST, bearer("one"))
    told = []
    for named in ("other", "nobody"):
        with pytest.raises(PermissionDenied) as caught:
            caller.reading(named)
        told.append(str(caught.value).replace(named, "NAME"))
    assert told[0] == told[1], "nobody learns which tenants there are"


def test_without_tokens_only_the_local_tenant_is_read() -> None:
    caller = Authenticator([]).admit(LIST, [])
    assert caller.reading("") == "local"
    with pytest.raises(PermissionDenied):
        caller.reading("acme")


def test_reading_others_takes_the_role_to_read() -> None:
    with pytest.raises(ConfigurationError, match=r"reads \['other'\] without the role 'audit'"):
        Authenticator([token("one", "review", "privacy", reads=["other"])])


@pytest.mark.parametrize("name", ["*", "", "Other", "a b", "x" * 64])
def test_what_a_token_reads_is_named_as_a_tenant_is(name: str) -> None:
    with pytest.raises(ValidationError):
        token("one", "audit", reads=[name])


@pytest.mark.parametrize("tokens", [[token("one", "root")], [token("one")], [token("a", "screen")] * 2])
def test_bad_tokens_stop_the_start(tokens: list[Token]) -> None:
    with pytest.raises(ConfigurationError):
        Authenticator(tokens)
