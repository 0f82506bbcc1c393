"""A worker as an operator starts it: a process with children, in a group of its own."""

from __future__ import annotations

import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parents[2]
CONCURRENCY: Final = 2
GONE_TIMEOUT_S: Final = 20.0

OURS: Final = ("-m", "worker.cli")
DEADLY: Final = (str(Path(__file__).with_name("deadly_worker.py")),)
"""The same, but a marked event kills the process that prepares it."""


@dataclass(frozen=True, slots=True)
class Exit:
    """How a worker ended that was told to.

    Attributes:
        status: of its main process.
        took_s: from the signal until its last process was gone.
    """

    status: int
    took_s: float


class WorkerProcess:
    """A running worker.

    A pipe whose other end every process of it inherits tells when the last one is gone,
    however it went and whoever its parent is by then.

    Args:
        program: what the interpreter runs.
        environment: all of it.
        log_path: where its output goes.
    """

    def __init__(
        self, program: Sequence[str], environment: Mapping[str, str], log_path: Path
    ) -> None:
        self._log_path = log_path
        self._told = False
        self._alive, inherited = os.pipe()
        with log_path.open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, *program, "worker", "--concurrency", str(CONCURRENCY)],
                cwd=ROOT,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                pass_fds=[inherited],
                start_new_session=True,
            )
        os.close(inherited)

    @property
    def running(self) -> bool:
        """Whether its main process lives."""
        return self._process.poll() is None

    @property
    def vanished(self) -> bool:
        """Whether it ended though nobody told it to, or killed it."""
        return not self.running and not self._told

    def log(self) -> str:
        """What it has printed so far."""
        return self._log_path.read_text()

    def has(self, pid: int) -> bool:
        """Whether a living process belongs to it."""
        try:
            return os.getpgid(pid) == self._process.pid
        except ProcessLookupError:
            return False

    def kill(self) -> None:
        """SIGKILL for all its processes at once; returns when they are gone."""
        self._told = True
        self._signal(signal.SIGKILL)
        self._process.wait(GONE_TIMEOUT_S)
        assert self._all_gone(), "a process of the worker has outlived SIGKILL"

    def freeze(self) -> None:
        """SIGSTOP for all its processes."""
        self._signal(signal.SIGSTOP)

    def thaw(self) -> None:
        """SIGCONT for all its processes: it does not know that it slept."""
        self._signal(signal.SIGCONT)

    def end(self) -> Exit:
        """SIGTERM for its main process, as an orchestrator sends it; returns how it ended."""
        began = time.monotonic()
        self._told = True
        self._process.terminate()
        status = self._process.wait(GONE_TIMEOUT_S)
        assert self._all_gone(), f"a process of the worker has outlived it:\n{self.log()}"
        return Exit(status, time.monotonic() - began)

    def close(self) -> None:
        """End it if it runs, and make sure that nothing is left of it."""
        if self.running:
            self.kill()
        gone = self._all_gone()
        os.close(self._alive)
        assert gone, f"a process of the worker has outlived it:\n{self.log()}"

    def _signal(self, number: signal.Signals) -> None:
        os.killpg(self._process.pid, number)

    def _all_gone(self) -> bool:
        ended, _, _ = select.select([self._alive], [], [], GONE_TIMEOUT_S)
        return bool(ended)
