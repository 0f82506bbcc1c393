"""Announce what a worker that died was to announce."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from celery import shared_task

from worker.delivery.attempt_log import tell_parked
from worker.operations.alerts import announcement
from worker.operations.alerts.judge import Incident
from worker.reporting.announcements import Announcements
from worker.reporting.log import Log
from worker.runtime.engine import THIS_PROCESS
from worker.runtime.task_table import ANNOUNCE

log = Log("tiktok_events.alerts")


@shared_task(name=ANNOUNCE.name, ignore_result=True)
def announce() -> None:
    """Tell what nobody is known to have told; see `worker.reporting.announcements`."""
    engine = THIS_PROCESS.engine()
    announcements = Announcements(engine.store)
    with engine.serving():
        for member, document in announcements.take():
            _tell(document)
            announcements.done(member)


def _tell(document: Mapping[str, Any]) -> None:
    """An incident or a parking; what is neither, which none of ours leaves, is logged."""
    try:
        if "phase" in document:
            announcement.announce(Incident.read(document))
        else:
            tell_parked(document)
    except (KeyError, TypeError, ValueError):
        log.warning("announcement_unreadable")
