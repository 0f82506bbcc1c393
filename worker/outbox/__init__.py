"""What waits in Redis, and the steps that claim, settle, delay and park it.

Imports `letters` and what stands below it.
"""
