"""`python -m tests.bench.audit`: how fast the audit log is beside its store's limits, and that it stays so as it grows.

    limits    what the store can do: rows of a bare table, and the log's own rows written by a bare loop
    load      durable decisions through the log: callers of one process, and of four
    growth    append, receipt, list, fsck and bytes at 10⁴, 10⁵, 10⁶ entries
    figure    the plot

Every commit of every part reaches the disk: WAL and synchronous=FULL, or fsync and synchronous_commit.
"""
