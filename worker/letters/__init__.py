"""Dead letters: kept, found, repaired, exported, purged.

Imports `reporting` and what stands below it.
"""
