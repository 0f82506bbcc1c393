"""The command that checks whether everything is fit for work.

Imports what every command may; see `worker.cli`.
"""
