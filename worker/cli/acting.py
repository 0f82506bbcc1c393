"""An act of many steps, by a person at a terminal: in the audit, and ended in order by signals."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from types import FrameType
from typing import Any, Final

from worker.reporting.audit import Act, Audit, Terminated
from worker.reporting.audit_entry import Action

ENDING: Final = (signal.SIGTERM, signal.SIGHUP)
"""Signals that end a command besides Ctrl-C: from a supervisor, or when the terminal is closed."""


@contextmanager
def acting(audit: Audit, action: Action, **given: Any) -> Iterator[Act]:
    """Act as `Audit.act`; the entry also tells when one of the signals ends the command."""
    with _ended_in_order(), audit.act(action, **given) as act:
        yield act


def _ended_in_order() -> AbstractContextManager[None]:
    """Let the signals raise `Terminated`; one that is ignored, as under `nohup`, stays ignored."""
    return _handled() if threading.current_thread() is threading.main_thread() else nullcontext()


@contextmanager
def _handled() -> Iterator[None]:
    before = {number: signal.getsignal(number) for number in ENDING}
    heeded = [number for number in ENDING if before[number] is not signal.SIG_IGN]
    for number in heeded:
        signal.signal(number, _terminate)
    try:
        yield
    finally:
        for number in heeded:
            signal.signal(number, before[number])


def _terminate(number: int, _frame: FrameType | None) -> None:
    raise Terminated(number)
