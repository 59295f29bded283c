"""The hammer: loads a log from several processes and checks every promise while it runs. Read `run` first.

    run ── orders ──> crew ──> worker … worker      each: callers that act (`acts`), and say what was acknowledged
     │                             │
     │<──────── messages ──────────┘
     ├── ledger, checkpoints       what was acknowledged, and every checkpoint anybody was given
     └── checks, lists, sweep      the log held against them, beside the load and once more after it

It writes to the log, and what it writes stays: it is for a log of its own, on the database and machine that the real
one will have.
"""
