"""Alerts: figures that begin and end incidents, and the announcement of both.

Imports what `operations` may.
"""
