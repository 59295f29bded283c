"""The audit log: an RFC 6962 tree in SQL that loses nothing it acknowledged. Read `log` first."""
