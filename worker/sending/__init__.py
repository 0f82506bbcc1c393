"""A file of events, handed over to the outbox."""
