"""Everything on one machine: an embedded server and the programs beside it.

Imports nothing of the worker but the settings; only the command line imports it.
"""
