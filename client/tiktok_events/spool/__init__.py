"""Keep events on this machine while Redis is away. Internal.

Imports the settings, `outbox` and what stands below them.
"""
