"""How a worker ends: it claims no more, settles what is under way, hands the rest back.

SIGTERM to the main process     Celery tells nobody else, so a shared byte tells the children
SIGTERM to the whole group      (systemd, Heroku) reaches the children too: one that is serving
                                finishes first, one that is idle ends
Ctrl-C                          is a SIGTERM here; to Celery it is a failure, with status 1
a second signal                 ends at once; claims heal when their lease ends
"""

from __future__ import annotations

import mmap
import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Final

from billiard import pool
from billiard.process import active_children, current_process

MAIN_PROCESS: Final = "MainProcess"
"""Billiard's name of the process that forks."""

TASK_BUDGET_S: Final = 5.0
"""A task ends after this, so that shutdown and recycling need not wait long; the next goes on."""

RETURN_S: Final = 3.0
"""What a task needs to return, at most, once everything is settled."""


RESULTS_S: Final = 1.0
"""For a child that ends: how long it waits until its parent has read all of its results.

Billiard waits for half a minute, and a parent that lost its connection, and ends before it has
another, reads no result of a task that was just being handed out. Nobody needs ours.
Source: billiard 4.3.2, `pool.Worker._ensure_messages_consumed` (read 2026-11-30).
"""


class StopFlag:
    """A byte of memory that a prefork worker and its children share."""

    def __init__(self) -> None:
        self._byte = mmap.mmap(-1, 1)
        self._set_here = False

    def set(self) -> bool:
        """Tell the worker to claim no more from now on; returns whether this process had before.

        A child that is being forked runs its parent's handlers for a moment: a signal to the
        whole group, set by both, is no second one.
        """
        before, self._set_here = self._set_here, True
        self._byte[0] = 1
        return before

    def is_set(self) -> bool:
        """Whether the worker must stop claiming."""
        return self._byte[0] == 1


class GentleEnd:
    """A pool child's own SIGTERM, put off until what it serves is settled."""

    def __init__(self) -> None:
        self._in_child = False
        self._asked = False

    def enable(self) -> None:
        """Note that this process is one of a pool; a child of it answers signals by itself.

        Celery's solo pool is the main process, which has handlers of its own.
        """
        self._in_child = current_process().name != MAIN_PROCESS
        tries = round(RESULTS_S / pool.GUARANTEE_MESSAGE_CONSUMPTION_RETRY_INTERVAL)
        pool.GUARANTEE_MESSAGE_CONSUMPTION_RETRY_LIMIT = tries

    def asked(self) -> bool:
        """Whether this process was asked to end."""
        return self._asked

    @contextmanager
    def serving(self) -> Iterator[None]:
        """While this lasts, the first SIGTERM only asks.

        The pool sets its own handlers after every hook it offers, hence here and not once.
        """
        if not self._in_child:
            yield
            return
        before = signal.signal(signal.SIGTERM, self._on_signal)
        try:
            yield
        finally:
            signal.signal(signal.SIGTERM, before)
            if self._asked:
                _end_soon()

    def _on_signal(self, _number: int, _frame: FrameType | None) -> None:
        if self._asked:
            signal.signal(signal.SIGTERM, signal.SIG_DFL)
            os.kill(os.getpid(), signal.SIGTERM)
        self._asked = True


def _end_soon() -> None:
    """Let the task return first: a pool that closes ends this process without any fuss."""
    timer = threading.Timer(RETURN_S, os.kill, (os.getpid(), signal.SIGTERM))
    timer.daemon = True
    timer.start()


def kill_pool() -> None:
    """End the main process: no child of it is waited for, nor asked."""
    for child in active_children():
        if child.pid is not None:
            os.kill(child.pid, signal.SIGKILL)


def end_at_once() -> None:
    """End the main process as the signal would, and its pool before."""
    kill_pool()
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    os.kill(os.getpid(), signal.SIGTERM)


STOPPING: Final = StopFlag()
GENTLE_END: Final = GentleEnd()


def within(budget_s: float) -> Callable[[], bool]:
    """Returns a function that tells whether there is time left and the worker goes on."""
    ends = time.monotonic() + budget_s
    return lambda: time.monotonic() < ends and not stopping()


def stopping() -> bool:
    """Whether this process is to claim no more."""
    return STOPPING.is_set() or GENTLE_END.asked()
