"""The verifier's one error. The verifier stands apart from the server and its error tree, so it carries its own."""

from __future__ import annotations


class VerificationError(ValueError):
    """The input is malformed, or a proof, digest or signature does not hold. `str(error)` says which."""
