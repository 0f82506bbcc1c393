"""What the workers do, one verb a file.

track      an event from a Celery-only producer goes into its outbox
deliver    whatever is due goes to the Events API
replay     dead letters that a person has chosen go back into their outboxes
upkeep     what has expired at a parked destination is buried, what is dead too long purged
alerts     what has passed its threshold is told to people
"""
