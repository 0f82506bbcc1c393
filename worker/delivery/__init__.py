"""The way from a claimed block to a settled one: prepare, send, judge, isolate, decide.

Imports `outbox` and what stands below it.
"""
