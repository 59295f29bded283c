"""A witness: it cosigns the checkpoints of a log that it saw grow, and of no log that was rewritten or shows two faces.

It is meant to be run by somebody who does not trust the log's operator, on a machine that the operator cannot reach,
with the light distribution alone. `witness` decides, `folder` remembers, `server` speaks c2sp.org/tlog-witness.
"""
