"""The commands about dead letters.

Imports what every command may; see `worker.cli`.
"""
