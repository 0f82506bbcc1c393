"""`tiktok-events demo`: a shop's day on this machine, and the report of it.

Imports what `local` may.
"""
