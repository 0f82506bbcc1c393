"""What the usual designs share; they run in environments of their own, without our packages.

Imports nothing of ours.
"""
