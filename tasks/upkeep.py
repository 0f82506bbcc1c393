"""A minute has passed: bury what has expired at parked destinations, forget what is too old."""

from __future__ import annotations

from celery import shared_task

from worker.delivery.expiry import Sweep
from worker.letters.retention import Retention
from worker.outbox.receipt_limit import MEGABYTE, ReceiptLimit
from worker.runtime.engine import THIS_PROCESS
from worker.runtime.shutdown import TASK_BUDGET_S, within
from worker.runtime.task_table import UPKEEP


@shared_task(name=UPKEEP.name, ignore_result=True)
def upkeep() -> None:
    """Sweep parked destinations, dead letters and receipts; see `worker.delivery.expiry`."""
    engine = THIS_PROCESS.engine()
    sweep = Sweep(engine.store, engine.outbox, engine.settings)
    retention = Retention(engine.store, engine.settings)
    receipts = ReceiptLimit(engine.store, engine.settings.receipts_max_mb * MEGABYTE)

    go_on = within(TASK_BUDGET_S)
    with engine.serving():
        sweep.run(go_on)
        if engine.outbox.clock.judges:
            retention.run(go_on, engine.outbox.clock.now())
            receipts.run(go_on, engine.outbox.clock.now())
