"""The log as C2SP tlog-tiles in a directory, for anybody to copy and audit."""

from server.audit.mirror.mirror import Mirrored, mirror

__all__ = ["Mirrored", "mirror"]
