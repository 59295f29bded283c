"""Trust lists in files that an operator names: the official C2PA list, lists from before it, authorities of time.

Nothing is fetched: who keeps a list up to date downloads it, looks at it, and puts it where the configuration says.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from cryptography import x509

from core.errors import ConfigurationError
from server.provenance.certificates import pem
from server.provenance.keyfiles import parse_certificates, read_public
from server.provenance.trust import DEFAULT_PURPOSES, NEVER, OWN_NAME, ListKind, TrustList


def load_list(name: str, kind: ListKind, path: Path, purposes: Sequence[str] = ()) -> TrustList:
    """The list in a PEM file; comments between its certificates are left out. purposes: none for those of its kind.

    Raises ConfigurationError for a file without certificates or with none that is valid today, a purpose that this kind
    of list cannot vouch for, and the name of our own list.
    """
    if name == OWN_NAME:
        raise ConfigurationError(f"a trust list cannot be named {OWN_NAME!r}: that is the root of the signing identity")
    certificates = parse_certificates(read_public(path), path)
    if all(expired(each) for each in certificates):
        raise ConfigurationError(f"every certificate of the trust list {name!r} in {path} is expired")
    wanted = tuple(purposes) or DEFAULT_PURPOSES[kind]
    refuse_purposes(name, kind, wanted)
    return TrustList(name, kind, pem(*certificates), wanted)


def expired(certificate: x509.Certificate) -> bool:
    """Whether it is past its dates. Such roots stay on a list: what was stamped in time under them stays believed."""
    return datetime.now(UTC) > certificate.not_valid_after_utc


def refuse_purposes(name: str, kind: ListKind, purposes: Sequence[str]) -> None:
    """Raises ConfigurationError for purposes that cannot be those of such a list."""
    if kind is ListKind.TSA:
        if tuple(purposes) != DEFAULT_PURPOSES[kind]:
            raise ConfigurationError(f"the trust list {name!r} vouches for time alone; leave out its purposes")
    elif found := NEVER & set(purposes):
        raise ConfigurationError(f"the trust list {name!r} must not let the purposes {sorted(found)} sign claims")
