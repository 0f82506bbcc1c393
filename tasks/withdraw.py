"""Erase the delayed, waiting and dead events of people who have withdrawn consent."""

from __future__ import annotations

from celery import shared_task

from worker.operations.withdrawals import Withdrawals
from worker.runtime.engine import THIS_PROCESS
from worker.runtime.task_table import WITHDRAW


@shared_task(name=WITHDRAW.name, ignore_result=True)
def withdraw() -> None:
    """Erase the events of all who asked; see `worker.operations.withdrawals`."""
    engine = THIS_PROCESS.engine()
    with engine.serving():
        Withdrawals(engine.store, lease_s=engine.settings.lease_s).run()
