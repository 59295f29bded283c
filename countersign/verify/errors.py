"""The verifier's errors. The verifier stands apart from the server and its error tree, so it carries its own.

VerificationError
└── SplitView          the log signed two trees of one size: proof of its misbehaviour
"""

from __future__ import annotations


class VerificationError(ValueError):
    """The input is malformed, or a proof, digest or signature does not hold. `str(error)` says which."""


class SplitView(VerificationError):
    """Two checkpoints that the log signed have one size and different roots. Keep both: they convict whoever signed."""
