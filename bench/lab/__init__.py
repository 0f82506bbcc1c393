"""How the bench measures: processes, machine, events, rounds; it may import the designs."""
