"""The record as files: JSON Lines, Parquet, and statements of reasons (Regulation (EU) 2022/2065, article 17)."""

from server.audit.export.dsa.mapping import DsaMapping, read_mapping
from server.audit.export.export import Format, export

__all__ = ["DsaMapping", "Format", "export", "read_mapping"]
