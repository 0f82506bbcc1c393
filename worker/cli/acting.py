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
"""What ends a command besides Ctrl-C: a supervisor, or a terminal that is closed."""


@contextmanager
def acting(audit: Audit, action: Action, **given: Any) -> Iterator[Act]:
    """`Audit.act`, whose entry says so too when one of the signals ends it."""
    with _ended_in_order(), audit.act(action, **given) as act:
        yield act


def _ended_in_order() -> AbstractContextManager[None]:
    """The signals raise `Terminated`; one that is ignored, as under `nohup`, stays so."""
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
