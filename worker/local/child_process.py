"""One of our own commands as a process beside this one, which it never outlives.

ChildProcessEndedError   it ended, or did not get ready; carries the end of its log
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Final, Self, TypeVar

from tiktok_events.errors import TikTokEventsError
from worker.local import watchdog

STOP_S: Final = 4.0
"""Seconds from the request to end until SIGKILL: whoever presses Ctrl-C waits for that."""

ORPHAN_GRACE_S: Final = 10.0
"""Seconds until SIGKILL when nobody waits, because this process was killed."""

_POLL_S: Final = 0.05
_LOG_TAIL_LINES: Final = 15

Found = TypeVar("Found")


class ChildProcessEndedError(TikTokEventsError):
    """A child process ended, or did not get ready.

    Attributes:
        log_tail: the end of the child's log.
    """

    def __init__(self, sentence: str, *, log_tail: str) -> None:
        super().__init__(f"{sentence}\nEnd of its log:\n{log_tail or '(empty)'}")
        self.log_tail = log_tail


class ChildProcess:
    """A ``tiktok-events`` command that runs from ``with`` to its end.

    It gets no Ctrl-C of our terminal; it is ended when the block ends, and by its
    watchdog when this process is killed.

    Args:
        name: name of the child in errors.
        arguments: arguments of the command, beginning with its name.
        environment: its whole environment; nothing else is inherited.
        log_path: the file for all its output.
    """

    def __init__(
        self,
        name: str,
        arguments: Sequence[str],
        *,
        environment: Mapping[str, str],
        log_path: Path,
    ) -> None:
        self.name = name
        self.log_path = log_path
        self._arguments = arguments
        self._environment = environment
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        with self.log_path.open("ab") as log:
            self._process = subprocess.Popen(  # noqa: S603 — our own interpreter, file and command
                [*_watchdog_command(), *_our_command(), *self._arguments],
                env=self._environment,
                stdin=subprocess.PIPE,
                stdout=subprocess.DEVNULL,
                stderr=log,
                start_new_session=True,  # the Ctrl-C of a terminal is for the caller alone
            )
        return self

    def __exit__(self, *_exc: object) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        try:
            process.communicate(b"\n", timeout=STOP_S)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)  # its own session: nobody else is in the group
            process.communicate()

    def check(self) -> None:
        """Check that it runs.

        Raises:
            ChildProcessEndedError: the child process has ended.
        """
        if self._process is None or self._process.poll() is not None:
            raise ChildProcessEndedError(f"The {self.name} ended.", log_tail=self.log_tail())

    def wait_for(self, look: Callable[[], Found | None], *, timeout_s: float) -> Found:
        """Wait until ``look`` finds something; return that.

        Raises:
            ChildProcessEndedError: the child process ended first, or time ran out.
        """
        deadline = time.monotonic() + timeout_s
        while (found := look()) is None:
            self.check()
            if time.monotonic() > deadline:
                sentence = f"The {self.name} was not ready after {timeout_s:g} s."
                raise ChildProcessEndedError(sentence, log_tail=self.log_tail())
            time.sleep(_POLL_S)
        return found

    def log_tail(self) -> str:
        """Return the last lines of its log."""
        lines = self.log_path.read_text(errors="replace").splitlines()
        return "\n".join(lines[-_LOG_TAIL_LINES:])


def _watchdog_command() -> list[str]:
    # -I -S: ignores the caller's environment, and starts faster.
    parameters = [str(os.getpid()), str(ORPHAN_GRACE_S)]
    return [sys.executable, "-I", "-S", watchdog.__file__, *parameters]


def _our_command() -> list[str]:
    # -P: a `worker` package in the caller's directory must not hide ours.
    return [sys.executable, "-P", "-m", "worker.cli"]
