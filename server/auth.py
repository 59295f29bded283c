"""Who is calling, for which tenant, and what they may do.

The tenant comes from the credential. A request may name one of the further tenants that the credential may read, and
is never believed beyond them. Knows nothing of what the methods do.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from core.errors import ConfigurationError, PermissionDenied, Unauthenticated
from server.sections import Token

ROLES = frozenset({"screen", "generate", "audit", "review", "privacy", "policy", "policy_approve", "policy_activate"})

# Who approves or activates a version has to see it first.
_ABOUT_POLICIES = "policy policy_approve policy_activate"
# Every RPC needs a role, or any one of several; tests/server/test_auth.py holds this table against the protos.
_ROLES_OF = {
    "/countersign.v1.ScreeningService/Screen": "screen",
    "/countersign.v1.ScreeningService/ScreenStream": "screen",
    "/countersign.v1.GenerationService/Enhance": "generate",
    "/countersign.v1.GenerationService/Generate": "generate",
    "/countersign.v1.ProvenanceService/Inspect": "screen",
    "/countersign.v1.SoftBindingService/ByBinding": "screen",
    "/countersign.v1.SoftBindingService/ByContent": "screen",
    "/countersign.v1.SoftBindingService/GetManifest": "screen",
    "/countersign.v1.SoftBindingService/SupportedAlgorithms": "screen",
    "/countersign.v1.AuditService/ListDecisions": "audit",
    "/countersign.v1.AuditService/StreamDecisions": "audit",
    "/countersign.v1.AuditService/GetDecision": "audit",
    "/countersign.v1.AuditService/GetHistory": "audit",
    "/countersign.v1.AuditService/GetReceipt": "audit",
    "/countersign.v1.AuditService/GetCheckpoint": "audit",
    "/countersign.v1.AuditService/GetConsistencyProof": "audit",
    "/countersign.v1.AuditService/ListOpenIntents": "audit",
    "/countersign.v1.AuditService/ExportDecisions": "audit",
    "/countersign.v1.AuditService/GetBundle": "audit",
    "/countersign.v1.ReviewService/ReviewDecision": "review",
    # The platform's front end files it, which also sends the uploads.
    "/countersign.v1.ReviewService/Appeal": "screen",
    "/countersign.v1.PrivacyService/EraseSubject": "privacy",
    "/countersign.v1.ModelService/ListModels": "screen",
    "/countersign.v1.PolicyService/CheckPolicy": "policy",
    "/countersign.v1.PolicyService/TestPolicy": "policy",
    "/countersign.v1.PolicyService/DryRunPolicy": "policy",
    "/countersign.v1.PolicyService/BacktestPolicy": "policy",
    "/countersign.v1.PolicyService/ProposePolicy": "policy",
    "/countersign.v1.PolicyService/ListPolicies": _ABOUT_POLICIES,
    "/countersign.v1.PolicyService/GetPolicy": _ABOUT_POLICIES,
    "/countersign.v1.PolicyService/ExplainDecision": "audit",
    "/countersign.v1.PolicyService/ApprovePolicy": "policy_approve",
    "/countersign.v1.PolicyService/ActivatePolicy": "policy_activate",
    "/countersign.v1.PolicyService/RollBackPolicy": "policy_activate",
}
METHOD_ROLES = {method: frozenset(roles.split()) for method, roles in _ROLES_OF.items()}
"""The roles of which any one is enough to call a method ("/package.Service/Method")."""


@dataclass(frozen=True, slots=True)
class Caller:
    """An authenticated caller. `actor` names the credential, not a person.

    reads: further tenants whose record it may read. It writes for `tenant` only.
    """

    tenant: str
    actor: str
    roles: frozenset[str]
    reads: frozenset[str] = frozenset()

    def reading(self, tenant: str) -> str:
        """The tenant whose record a request reads that names `tenant`; "" names the caller's own.

        Raises PermissionDenied, in the same words whether that tenant exists or not.
        """
        if tenant in {"", self.tenant}:
            return self.tenant
        if tenant not in self.reads:
            raise PermissionDenied(f"{self.actor!r} may not read the tenant {tenant!r}")
        return tenant


class Authenticator:
    """Finds the caller of a request by its bearer token.

    Without tokens every caller is "local" with all roles: `Settings.refuse_unsafe` allows that on loopback only.
    """

    def __init__(self, tokens: Iterable[Token]) -> None:
        self._callers: dict[str, Caller] = {}
        for token in tokens:
            refuse_senseless(token)
            if token.sha256 in self._callers:
                raise ConfigurationError(f"token {token.name!r} has the same sha256 as another")
            self._callers[token.sha256] = Caller(token.tenant, token.name, token.roles, token.reads)

    @property
    def is_open(self) -> bool:
        """Whether anybody who can connect is admitted."""
        return not self._callers

    def admit(self, method: str, metadata: Sequence[tuple[str, str | bytes]]) -> Caller:
        """The caller, if it may call `method` ("/package.Service/Method")."""
        caller = self.identify(metadata)
        roles = METHOD_ROLES.get(method, frozenset())
        if roles.isdisjoint(caller.roles):
            needed = " or ".join(repr(role) for role in sorted(roles)) or "of an unknown method"
            raise PermissionDenied(f"{caller.actor!r} lacks the role {needed}")
        return caller

    def identify(self, metadata: Sequence[tuple[str, str | bytes]]) -> Caller:
        """The caller, whatever it wants to call. Raises Unauthenticated."""
        if self.is_open:
            return Caller("local", "anonymous", ROLES)
        values = [value for key, value in metadata if key == "authorization"]
        if len(values) != 1 or not isinstance(values[0], str) or not values[0].startswith("Bearer "):
            raise Unauthenticated("send one 'authorization: Bearer TOKEN' header")
        # Looking up the digest, not the token, leaves nothing of the token to be learned from timing.
        digest = hashlib.sha256(values[0].removeprefix("Bearer ").encode()).hexdigest()
        caller = self._callers.get(digest)
        if caller is None:
            raise Unauthenticated("the bearer token is not known")
        return caller


def refuse_senseless(token: Token) -> None:
    """Raises ConfigurationError for a token whose roles do not exist, or that reads without the role to read."""
    if token.roles - ROLES or not token.roles:
        raise ConfigurationError(f"token {token.name!r}: roles {sorted(token.roles)} not among {sorted(ROLES)}")
    if token.reads and "audit" not in token.roles:
        raise ConfigurationError(f"token {token.name!r}: reads {sorted(token.reads)} without the role 'audit' to read")
