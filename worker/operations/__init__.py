"""What operators see and do across rooms: the state of everything, alerts, erasure.

Imports `delivery` and what stands below it, but no replay.
"""
