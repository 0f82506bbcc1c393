"""An event from a producer that has only Celery: the task that it names."""

from __future__ import annotations

from typing import Any

from celery import Task, shared_task

from worker.runtime.engine import THIS_PROCESS
from worker.runtime.task_table import TRACK


@shared_task(name=TRACK.name, bind=True, ignore_result=True)
def track(self: Task[..., None], event: Any) -> None:
    """Hash an event's match keys and append it to its outbox: `track.delay(event)`.

    No worker runs it: its messages are read by `accept`, which loses none. This is for
    Celery's eager mode, and gives the task its name and its signature.

    Raises:
        InvalidEvent: the event cannot be accepted.
        OutboxUnavailable: Redis did not answer in time, or refused.
    """
    THIS_PROCESS.engine().client.track(event, event_id=self.request.id)
