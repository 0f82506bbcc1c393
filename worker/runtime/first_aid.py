"""Do what cannot wait until Celery has started.

What people took back while no worker ran must be gone before the first event is delivered.
"""

from __future__ import annotations

from contextlib import suppress

from redis.exceptions import RedisError

from worker.operations.withdrawals import Withdrawals
from worker.runtime.engine import connect
from worker.settings import Settings


def take_back(settings: Settings) -> None:
    """Erase the events of all who withdrew consent while no worker ran."""
    with connect(settings) as store, suppress(RedisError):  # workers look again every second
        Withdrawals(store, lease_s=settings.lease_s).run()
