"""Serve every destination that is due, after a doorbell."""

from __future__ import annotations

from celery import shared_task

from worker.runtime.engine import THIS_PROCESS
from worker.runtime.task_table import DELIVER


@shared_task(name=DELIVER.name, ignore_result=True)
def deliver() -> None:
    """Claim, validate, batch, post and settle until nothing is due; see `worker.delivery.loop`."""
    THIS_PROCESS.engine().drain()
