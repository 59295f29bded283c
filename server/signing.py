"""What outputs are signed with and credentials are judged by, from the settings: identity, trust lists, time stamps.

Part of a start: what fails raises ConfigurationError naming the setting or the file; what is unsafe but allowed is
warned of by name.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path

import structlog

from core.errors import ConfigurationError
from server.audit.outside.authority import Authority
from server.config import Settings
from server.metrics import Metrics
from server.provenance import Identity, Imprint, Trust, development_identity, load_identity
from server.provenance.certificates import PublicKey
from server.provenance.identity import identity_with
from server.provenance.keyfiles import parse_certificates, read_public
from server.provenance.keys import SigningKey
from server.provenance.stamper import Stamper, TimestampMode
from server.provenance.trust import ListKind
from server.provenance.trustfiles import load_list
from server.sections import Hsm

EXPIRES_SOON = timedelta(days=30)
LOOK_EVERY = 6 * 3600.0
"""Seconds between looks at the certificate's date."""


def signing_identity(settings: Settings, environment: Mapping[str, str] = os.environ) -> Identity:
    """The configured identity; without one, an authority of our own, of which the log warns loudly."""
    section = settings.signing
    if section.chain is None or section.root is None:
        identity = development_identity(settings.data_dir / "provenance")
        structlog.get_logger("countersign").warning(
            "DEVELOPMENT CERTIFICATE: outputs are signed by an authority made here, which nobody else trusts",
            certificates=str(settings.data_dir / "provenance"),
        )
    elif section.hsm is not None:
        identity = identity_with(section.chain, token_key(section.hsm, section.chain, environment), section.root)
    elif section.key is not None:
        identity = load_identity(section.chain, section.key, section.root)
    else:
        raise ConfigurationError("signing: a chain needs a key")
    warn_of_expiry(identity, datetime.now(UTC))
    return identity


def token_key(section: Hsm, chain: Path, environment: Mapping[str, str]) -> SigningKey:
    """The key in the token. Its PIN comes from the environment and is nowhere else."""
    try:
        from server.provenance.hsm import Slot, TokenKey
    except ModuleNotFoundError as error:
        raise ConfigurationError("signing.hsm needs python-pkcs11: pip install 'countersign[hsm]'") from error
    pin = environment.get(section.pin_env)
    if not pin:
        raise ConfigurationError(f"signing.hsm: the variable {section.pin_env}, which has the PIN, is not set")
    key = parse_certificates(read_public(chain), chain)[0].public_key()
    if not isinstance(key, PublicKey):
        raise ConfigurationError(f"{chain}: C2PA signs with EC, Ed25519 or RSA keys, not {type(key).__name__}")
    return TokenKey.open(Slot(section.module, section.token, section.key, pin), key)


def warn_of_expiry(identity: Identity, now: datetime) -> None:
    """One line in the log where the signing certificate is expired or soon will be."""
    log = structlog.get_logger("countersign")
    left = identity.not_after - now
    if left < timedelta():
        log.error("THE SIGNING CERTIFICATE IS EXPIRED", not_after=identity.not_after.isoformat())
    elif left < EXPIRES_SOON:
        log.warning("the signing certificate expires soon", not_after=identity.not_after.isoformat(), days=left.days)


async def watch_expiry(identity: Identity, interval: float = LOOK_EVERY) -> None:
    """Warns for as long as there is reason to. Runs until it is cancelled: a server may run for months."""
    while True:
        await asyncio.sleep(interval)
        warn_of_expiry(identity, datetime.now(UTC))


def trust_of(settings: Settings, identity: Identity) -> Trust:
    """Our own root, and the configured lists; the log names each with its digest."""
    lists = tuple(load_list(each.name, each.kind, each.file, each.purposes) for each in settings.trust)
    trust = Trust(identity.root_pem, lists=lists)
    named = {one.name: one.digest for one in (trust.own, *trust.lists)}
    structlog.get_logger("countersign").info("trust", digest=trust.digest, lists=named)
    return trust


def stamper_of(settings: Settings, trust: Trust, metrics: Metrics) -> Stamper | None:
    """Who stamps signatures, under the roots of the lists of kind tsa; None where none are stamped."""
    section = settings.signing
    if section.timestamps is TimestampMode.OFF:
        return None
    roots = "".join(one.anchors_pem for one in trust.lists if one.kind is ListKind.TSA)
    if not roots:
        raise ConfigurationError("signing.timestamps needs a [[server.trust]] of kind tsa, with the authority's root")
    authority = Authority(section.timestamp_url, roots.encode(), timeout=section.timestamp_timeout)
    required = section.timestamps is TimestampMode.REQUIRED
    return Stamper(authority, required=required, missed=metrics.unstamped.inc)


def imprint_of(settings: Settings) -> Imprint:
    """What every manifest says: where the log is, and what others may do with the file."""
    section = settings.signing
    return Imprint(settings.origin, section.training.permissions, section.thumbnails)
