"""Content credentials (C2PA): who signs, whose signatures are believed, reading, judging and signing.

The private key stays in this process; media and manifests are parsed in the sandbox only (`parse`).
"""

from server.provenance import detached, parse, stores
from server.provenance.claim import Binding, Claim, ClaimedAction, SoftBinding
from server.provenance.development import development_identity
from server.provenance.identity import Identity, load_identity
from server.provenance.imprint import Imprint, Permission
from server.provenance.provenance import Provenance, Signed
from server.provenance.recovered import Stores
from server.provenance.trust import Trust

PARSERS = {**parse.PARSERS, **stores.PARSERS}
"""For `Sandbox.start`: every parser that touches manifest stores."""

BESIDE = detached.FORMATS
"""Formats whose manifest stores lie beside their files."""

__all__ = [
    "BESIDE",
    "PARSERS",
    "Binding",
    "Claim",
    "ClaimedAction",
    "Identity",
    "Imprint",
    "Permission",
    "Provenance",
    "Signed",
    "SoftBinding",
    "Stores",
    "Trust",
    "development_identity",
    "load_identity",
]
