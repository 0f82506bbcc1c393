"""Acts that may outlast their request: each counts itself in the audit, which shows how far it is.

A job that is killed with its process leaves what it has done whole, and an entry that says so.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import TimeoutError as NotYet
from contextlib import suppress
from typing import Final

AT_ONCE: Final = 2
"""How many jobs run at a time in one process; others wait their turn."""

WAITED_S: Final = 1.5
"""What ends within this time is answered for by the page that asked."""

Begun = Callable[[str], None]
"""Tells the id of the audit's entry."""


class Jobs:
    """The jobs of this process."""

    def __init__(self) -> None:
        self._pool = ThreadPoolExecutor(AT_ONCE, thread_name_prefix="console-job")

    def run(self, job: Callable[[Begun], None]) -> str:
        """Run a job; return the id of its audit entry once it has begun, or ended if it is short.

        Raises:
            Exception: what the job raised before it had begun.
        """
        begun: Future[str] = Future()

        def work() -> None:
            try:
                job(begun.set_result)
            except BaseException as error:
                if not begun.done():
                    begun.set_exception(error)
                raise

        ended = self._pool.submit(work)
        entry_id = begun.result()
        with suppress(NotYet):
            ended.exception(WAITED_S)
        return entry_id
