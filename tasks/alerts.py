"""Look at the figures that alerts are about, every few seconds."""

from __future__ import annotations

import time

from celery import shared_task

from worker.operations.alerts.announcement import announce
from worker.operations.alerts.figures import measured
from worker.operations.alerts.judge import Alerts, rest_after_look
from worker.reporting.announcements import Announcements
from worker.runtime.engine import THIS_PROCESS
from worker.runtime.task_table import ALERTS


@shared_task(name=ALERTS.name, ignore_result=True)
def alerts() -> None:
    """Measure, judge, and tell what has changed; see `worker.operations.alerts.judge`."""
    engine = THIS_PROCESS.engine()
    with engine.serving():
        began, incidents = time.monotonic(), Alerts(engine.store)
        announcements = Announcements(engine.store)
        figures = measured(engine.store, engine.settings, incidents.open)
        judged = incidents.judge(figures)
        rest_after_look(engine.store, time.monotonic() - began)
        for incident in judged:
            if incident.changed:
                announce(incident)
                announcements.done(incident.announcement)
