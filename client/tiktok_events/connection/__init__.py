"""Connections to Redis, alone, behind Sentinel or as a cluster. Internal.

Imports the errors only.
"""
