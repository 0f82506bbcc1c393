"""The keys and scripts in Redis, and what is written through them. Internal.

Imports `connection`, `event` and what stands below them.
"""
