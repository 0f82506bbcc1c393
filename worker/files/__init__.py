"""Events in a file: read, explained, and handed over at a pace.

Imports nothing of the worker but the settings.
"""
