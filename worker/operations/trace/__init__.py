"""Trace an event: find it wherever it is. Imports what `worker.operations` may."""
