"""Figures by the hour, destination and event: what was counted, for 35 days.

Imports what `reporting` may import.
"""
