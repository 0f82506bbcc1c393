"""Celery's worker, as the main process runs it."""

from __future__ import annotations

import signal
from typing import Any

from celery.apps.worker import Worker


class GentleWorker(Worker):
    """Takes Ctrl-C for a SIGTERM; Celery ends a worker with 1 after it, as if it had failed."""

    def install_platform_tweaks(self, worker: Any) -> None:
        """Set Celery's handlers, and ours for SIGINT."""
        super().install_platform_tweaks(worker)
        signal.signal(signal.SIGINT, signal.getsignal(signal.SIGTERM))
