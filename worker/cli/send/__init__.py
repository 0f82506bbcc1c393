"""The command that hands over the events of a file.

Imports what every command may; see `worker.cli`.
"""
