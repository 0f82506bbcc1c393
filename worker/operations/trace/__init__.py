"""What became of one event: found wherever it is. Imports what `worker.operations` may."""
