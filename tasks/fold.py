"""Fold what was counted into the figures of the hours, every second."""

from __future__ import annotations

from celery import shared_task

from worker.reporting.figures.folding import Folding
from worker.runtime.engine import THIS_PROCESS
from worker.runtime.shutdown import TASK_BUDGET_S, within
from worker.runtime.task_table import FOLD


@shared_task(name=FOLD.name, ignore_result=True)
def fold() -> None:
    """Fold every shard until nothing is left; see `worker.reporting.figures.folding`."""
    engine = THIS_PROCESS.engine()
    go_on = within(TASK_BUDGET_S)
    with engine.serving():
        for keys in engine.store.at_hand:
            Folding(engine.store, keys).run(go_on)
