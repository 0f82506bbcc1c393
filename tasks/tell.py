"""Tell operators by webhook what has happened."""

from __future__ import annotations

from celery import shared_task

from worker.operations.operator_webhook import tell as tell_operators
from worker.runtime.engine import THIS_PROCESS
from worker.runtime.shutdown import TASK_BUDGET_S, within
from worker.runtime.task_table import TELL


@shared_task(name=TELL.name, ignore_result=True)
def tell() -> None:
    """Tell one after the other; see `worker.operations.operator_webhook`."""
    engine = THIS_PROCESS.engine()
    with engine.serving():
        tell_operators(engine.store, engine.settings, within(TASK_BUDGET_S))
