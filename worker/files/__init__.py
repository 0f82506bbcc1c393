"""Read events from a file, explain them, and hand them over at a pace.

Imports nothing of the worker but the settings.
"""
