"""Everything at work on one machine, and what came of it."""
