"""The engine: one mechanism a file."""
