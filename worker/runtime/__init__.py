"""One worker process: its start, its wake-ups, its health and its end.

Imports every room below it; only the Celery application, the tasks and the commands import it.
"""
