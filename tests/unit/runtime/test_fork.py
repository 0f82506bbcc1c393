"""What the main process of a worker does before a pool process is forked."""

from __future__ import annotations

import gc

from celery.signals import worker_before_create_process

from worker import app


def test_what_was_there_before_the_fork_is_not_collected_after_it() -> None:
    """The collector would write to every page, and each pool process have its own copy."""
    assert app.__name__, "imported, it has connected its signals"
    before = gc.get_freeze_count()
    try:
        worker_before_create_process.send(sender=None)
        assert gc.get_freeze_count() > before
    finally:
        gc.unfreeze()
