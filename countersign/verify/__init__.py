"""The offline verifier: RFC 6962 proofs, C2SP signed notes, checkpoints and proofs, and Countersign receipts.

It needs the standard library and `cryptography`, opens no network connection and never calls a server, so that a
receipt can be checked years later by someone who does not trust the log that issued it.
"""
