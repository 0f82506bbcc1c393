"""A child of the pool that ends does not wait long for a parent that reads nothing any more."""

from __future__ import annotations

import time
from typing import Any

import pytest
from billiard import get_context, pool

from worker.runtime.shutdown import RESULTS_S, GentleEnd


def test_unread_results_keep_no_child(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its parent has lost the connection, and with it the tasks that nobody had begun."""
    name = "GUARANTEE_MESSAGE_CONSUMPTION_RETRY_LIMIT"
    monkeypatch.setattr(pool, name, getattr(pool, name))  # so that it is as before afterwards
    GentleEnd().enable()
    child: Any = pool.Worker.__new__(pool.Worker)
    child.on_ready_counter = get_context().Value("i")
    began = time.monotonic()
    assert not child._ensure_messages_consumed(completed=1)
    assert time.monotonic() - began < 2 * RESULTS_S
