"""Producers that have only Celery have sent messages: their events go into their outboxes."""

from __future__ import annotations

from typing import Final

from celery import shared_task

from worker.runtime.engine import THIS_PROCESS
from worker.runtime.progress import SIGN_OF_LIFE
from worker.runtime.shutdown import within
from worker.runtime.task_table import ACCEPT

BUDGET_S: Final = 1.0
"""Short: delivering waits for the same processes, and it is rung for again within a second."""


@shared_task(name=ACCEPT.name, ignore_result=True)
def accept() -> None:
    """Read what stands in the lists of messages; see `worker.runtime.acceptance`."""
    engine = THIS_PROCESS.engine()
    with engine.serving():
        if engine.acceptance is not None:
            engine.acceptance.run(within(BUDGET_S))
        SIGN_OF_LIFE.beat()
