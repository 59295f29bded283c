"""What the log forgets: one person on request (`erasure`), everything by age (`retention`)."""
