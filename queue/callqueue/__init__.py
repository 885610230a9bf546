"""Tickets, call-backs and jobs: what happens after a caller has said what they want.

- `transitions` is the one table of how a ticket may move; `tickets`, `opening` and `callbacks` are who moves it.
- `outbound` reaches customers; its rows are written before anything rings (`attempts`).
- `jobs` runs what follows a commit, `sweep` finds again what got lost.

A job's row is the truth and Redis only says "now", so Redis may be emptied at any time.
"""
