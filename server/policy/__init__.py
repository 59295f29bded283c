"""The life of a policy on a running server: checked, tested, rehearsed, replayed, approved, activated, taken back.

    desk        the steps that staff take, each an entry of the log        (server.audit.operations.policy)
    following   what the log says decides ──> loading ──> live             on every server, without a restart
    live        the policy that the examiner asks: one version a decision
    rehearsal   files under a candidate, without a record
    backtest    a candidate over logged decisions, without models

Start with `live`.
"""
