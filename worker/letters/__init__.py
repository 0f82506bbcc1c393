"""Dead letters: kept, found, repaired, exported, given up.

Imports `reporting` and what stands below it.
"""
