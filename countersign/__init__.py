"""Countersign's light client: stubs (`v1`), `Client`, the offline verifier and the command line.

`Client` is imported when it is asked for: gRPC takes longer to import than a verifier takes to verify, and none but the
client needs it.
"""

from typing import TYPE_CHECKING

from countersign.errors import CountersignError

if TYPE_CHECKING:
    from countersign.client import Client
else:

    def __getattr__(name: str) -> object:
        """The one name that is not here from the start (PEP 562). Hidden from mypy, which would take it for any."""
        if name != "Client":
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        from countersign.client import Client

        return Client


__all__ = ["Client", "CountersignError"]
