"""What the workers do, one verb a file.

track      the task that producers with only Celery name
accept     the events of such producers go into their outboxes
deliver    whatever is due goes to the Events API
replay     dead letters that a person has chosen go back into their outboxes
upkeep     what has expired at a parked destination is buried, what is dead too long purged
fold       what was counted enters the figures of its hour
alerts     what has passed its threshold is told to people
announce   so is what a worker that died was to tell
tell       what has happened is told to the operators' webhook
"""
