"""A program with children, for the length of a test."""

from __future__ import annotations

import os
import signal
import subprocess
from contextlib import suppress
from pathlib import Path
from typing import Any, Final, Self

GONE_TIMEOUT_S: Final = 20.0


class Process:
    """A process with children, ended with all of them.

    Args:
        command: what to run.
        log_path: where its output goes.
        options: of `subprocess.Popen`.
    """

    def __init__(self, command: list[str], log_path: Path, **options: Any) -> None:
        self.log_path = log_path
        with log_path.open("wb") as log:
            self._process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                **options,
            )

    def check(self) -> None:
        """Fail with its output when it has ended."""
        assert self._process.poll() is None, self.log_path.read_text()

    def end(self, number: int) -> None:
        """Ask it to end, and wait until it has."""
        self._process.send_signal(number)
        self.wait()

    def wait(self) -> None:
        """Wait until it ends by itself."""
        self._process.wait(GONE_TIMEOUT_S)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        with suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait(GONE_TIMEOUT_S)
