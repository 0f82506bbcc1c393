"""Where and how is measured: processes, machine, events, rounds; it may import the designs."""
