"""A worker died before it had told what it was to tell: tell it in its place."""

from __future__ import annotations

from celery import shared_task

from worker.delivery.attempt_log import tell_parked
from worker.operations.alerts import announcement
from worker.operations.alerts.judge import Incident
from worker.reporting.announcements import Announcements
from worker.runtime.engine import THIS_PROCESS
from worker.runtime.task_table import ANNOUNCE


@shared_task(name=ANNOUNCE.name, ignore_result=True)
def announce() -> None:
    """Tell what nobody is known to have told; see `worker.reporting.announcements`."""
    engine = THIS_PROCESS.engine()
    announcements = Announcements(engine.redis)
    with engine.serving():
        for member, document in announcements.take():
            if "phase" in document:
                announcement.announce(Incident.read(document), engine.settings)
            else:
                tell_parked(document)
            announcements.done(member)
