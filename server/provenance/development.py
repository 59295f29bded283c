"""The development authority: certificates made on first start, so that signing works before anybody buys one.

What it leaves in its folder, and no more:

    root.pem            the root certificate, for verifiers. Its private key signs the intermediate and is then dropped:
                        it is never written, so nobody can extend this authority later
    intermediate.pem    key and certificate of the intermediate, kept to renew the leaf; mode 0600
    signer.pem          key and certificate of the leaf that signs claims; mode 0600

Nobody else trusts this root. An operator's own identity is `server.provenance.identity.load_identity`.
"""

from __future__ import annotations

import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path

from core.errors import ConfigurationError
from countersign.durable import replace_file, sync
from server.provenance.certificates import (
    Issued,
    claim_signer,
    fits,
    intermediate_authority,
    issued_by,
    pem,
    public,
    root_authority,
)
from server.provenance.identity import Identity, identity_of
from server.provenance.keyfiles import (
    FOLDER_MODE,
    PUBLIC_MODE,
    bundle,
    parse_certificates,
    parse_key,
    read_public,
    read_secret,
    refuse_open,
)
from server.provenance.keys import LocalKey

ROOT = "root.pem"
INTERMEDIATE = "intermediate.pem"
SIGNER = "signer.pem"
# A server may run for months between starts, and only a start renews.
RENEW_BEFORE = timedelta(days=90)


def development_identity(folder: Path) -> Identity:
    """The development identity in `folder`, made if there is none, its leaf renewed when close to expiry.

    Raises ConfigurationError for files that other users can read, that are missing, or that do not belong together.
    """
    try:
        return open_or_create(folder)
    except OSError as error:
        raise ConfigurationError(f"cannot keep the development authority in {folder}: {error.strerror}") from error


def open_or_create(folder: Path) -> Identity:
    """As `development_identity`, but raises OSError where the folder cannot be used."""
    if not folder.exists() or not any(folder.iterdir()):
        create(folder)
    refuse_open(folder)
    root = parse_certificates(read_public(folder / ROOT), folder / ROOT)[0]
    intermediate = load(folder / INTERMEDIATE)
    if not issued_by(intermediate.certificate, root):
        raise ConfigurationError(f"{folder / INTERMEDIATE} was not issued by {folder / ROOT}")
    leaf = load(folder / SIGNER)
    if leaf.certificate.not_valid_after_utc - datetime.now(UTC) < RENEW_BEFORE:
        leaf = renew(folder, intermediate)
    chain = [leaf.certificate, intermediate.certificate]
    return identity_of(chain, LocalKey(leaf.key), root, source=folder / SIGNER, is_development=True)


def create(folder: Path) -> None:
    """Makes the authority in a folder beside, then renames: a half-made authority is never found.

    Of two servers that start at once, the later one finds the earlier one's authority and uses it.
    """
    folder.parent.mkdir(parents=True, exist_ok=True, mode=FOLDER_MODE)
    with tempfile.TemporaryDirectory(dir=folder.parent, prefix=f".{folder.name}.") as scratch:
        made = Path(scratch) / folder.name
        made.mkdir(mode=FOLDER_MODE)
        root = root_authority()
        intermediate = intermediate_authority(root)
        replace_file(made / ROOT, pem(root.certificate).encode("ascii"), PUBLIC_MODE)
        save(made / INTERMEDIATE, intermediate)
        save(made / SIGNER, claim_signer(intermediate))
        try:
            made.rename(folder)
        except OSError as error:
            if not (folder / SIGNER).exists():
                raise ConfigurationError(f"cannot create {folder}: {error.strerror}") from error
    sync(folder.parent)


def renew(folder: Path, intermediate: Issued) -> Issued:
    """A fresh leaf from the kept intermediate."""
    if intermediate.certificate.not_valid_after_utc - datetime.now(UTC) < RENEW_BEFORE:
        raise ConfigurationError(
            f"the development authority in {folder} expires on {intermediate.certificate.not_valid_after_utc:%Y-%m-%d} "
            "and its root cannot sign another; move the folder away and a new one is made"
        )
    leaf = claim_signer(intermediate)
    save(folder / SIGNER, leaf)
    return leaf


def save(path: Path, issued: Issued) -> None:
    """Key and certificate in one private file."""
    replace_file(path, bundle(issued.key, [issued.certificate]))


def load(path: Path) -> Issued:
    """Key and certificate of a private file; they must fit each other."""
    content = read_secret(path)
    issued = Issued(parse_certificates(content, path)[0], parse_key(content, path))
    if not fits(issued.certificate, public(issued.key)):
        raise ConfigurationError(f"the private key in {path} does not belong to the certificate beside it")
    return issued
