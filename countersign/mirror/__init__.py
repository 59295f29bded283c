"""Mirrors of a log as C2SP tlog-tiles in a directory: where each file lies, and whether they agree with each other.

It needs the standard library and `cryptography`. Writing a mirror is the operator's work (`server.audit.mirror`);
auditing one is everybody's (`countersign log audit-mirror`).
"""
