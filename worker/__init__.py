"""The engine, in rooms: one mechanism a file.

A room imports only what stands below it: cli, app, runtime, operations and replays, delivery,
outbox, letters, reporting, attempts, settings. `files` and `local` stand apart; only cli imports
them. Scripts that several rooms run are in `lua`.
"""
