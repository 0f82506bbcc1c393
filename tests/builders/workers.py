"""Workers as an operator starts them: real processes, with children."""

from __future__ import annotations

import json
import os
import select
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Final, Self

from tests.builders.environment import environment
from tests.looks import VIEWS

ROOT: Final = Path(__file__).parents[2]
OURS: Final = ("-m", "worker.cli")
GONE_TIMEOUT_S: Final = 40.0
TOKEN: Final = "test-access-token"


class Worker:
    """A worker as an operator starts it: a process with children.

    A pipe whose other end every process of it inherits tells when the last one is gone,
    however it went and whoever its parent is by then.
    """

    def __init__(
        self,
        environment: Mapping[str, str],
        concurrency: int,
        log_path: Path,
        program: Sequence[str] = OURS,
        pool: str = "prefork",
    ) -> None:
        self.log_path = log_path
        self._told = False
        self._alive, inherited = os.pipe()
        command = [sys.executable, *program, "worker", "--concurrency", str(concurrency)]
        command += ["--pool", pool]
        with log_path.open("ab") as log:
            self._process = subprocess.Popen(
                command,
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
    def pid(self) -> int:
        """Of its main process."""
        return self._process.pid

    @property
    def running(self) -> bool:
        """Whether its main process lives."""
        return self._process.poll() is None

    @property
    def vanished(self) -> bool:
        """Whether it ended though nobody told it to, or killed it."""
        return not self.running and not self._told

    def has(self, pid: int) -> bool:
        """Whether a living process belongs to it."""
        try:
            return os.getpgid(pid) == self._process.pid
        except ProcessLookupError:
            return False

    def log(self) -> str:
        """What it has printed so far."""
        return self.log_path.read_text()

    def lines(self, event: str) -> list[dict[str, Any]]:
        """The lines of its log, which is JSON, about one thing."""
        logged = (json.loads(line) for line in self.log().splitlines() if line.startswith("{"))
        return [line for line in logged if line["event"] == event]

    def kill(self) -> None:
        """SIGKILL for all its processes at once; returns when they are gone."""
        self._told = True
        self._signal_all(signal.SIGKILL)
        self._process.wait(GONE_TIMEOUT_S)
        assert self._all_gone(), "a process of the worker has outlived SIGKILL"

    def freeze(self) -> None:
        """SIGSTOP for all its processes."""
        self._signal_all(signal.SIGSTOP)

    def thaw(self) -> None:
        """SIGCONT for all its processes: it does not know that it slept."""
        self._signal_all(signal.SIGCONT)

    def wait(self) -> int:
        """Its exit status, when it ends by itself."""
        return self._process.wait(GONE_TIMEOUT_S)

    def terminate(self, *, group: bool = False, within_s: float = GONE_TIMEOUT_S) -> int:
        """Send SIGTERM as an orchestrator does, and return the exit status.

        Args:
            group: for all its processes (systemd, Heroku), not for the main one only.
            within_s: how long the orchestrator waits.
        """
        self.signal(group=group)
        status = self._process.wait(within_s)
        assert self._all_gone(), f"a process of the worker has outlived it:\n{self.log()}"
        return status

    def signal(self, *, group: bool = False) -> None:
        """Send SIGTERM, and return at once."""
        self._told = True
        if group:
            self._signal_all(signal.SIGTERM)
        else:
            self._process.terminate()

    def close(self) -> None:
        """End it if it runs, and make sure that nothing is left of it."""
        if self.running:
            self.kill()
        gone = self._all_gone()
        os.close(self._alive)
        assert gone, f"a process of the worker has outlived it:\n{self.log()}"

    def _signal_all(self, number: int) -> None:
        os.killpg(self._process.pid, number)

    def _all_gone(self) -> bool:
        ended, _, _ = select.select([self._alive], [], [], GONE_TIMEOUT_S)
        return bool(ended)


class Workers:
    """Starts workers, and ends them all in the end; meanwhile every view is looked at.

    Args:
        directory: for their logs.
        closes: whether the sums of the views must close all the time.
        settings: of every worker, by the name without the prefix.
    """

    def __init__(self, directory: Path, *, closes: bool = True, **settings: str) -> None:
        self._closes = closes
        self._parts = ExitStack()
        self._directory = directory
        self._settings = {"ACCESS_TOKEN": TOKEN, **settings}
        self._started: list[Worker] = []

    def start(
        self,
        concurrency: int = 2,
        *,
        program: Sequence[str] = OURS,
        pool: str = "prefork",
        **settings: str | None,
    ) -> Worker:
        """Start one more; a setting of `None` is left unset."""
        log_path = self._directory / f"worker-{len(self._started)}.log"
        seen = environment({**self._settings, **settings})
        self._started.append(Worker(seen, concurrency, log_path, program, pool))
        return self._started[-1]

    def __enter__(self) -> Self:
        self._parts.callback(self._close)
        seen = environment(self._settings)
        self._parts.enter_context(VIEWS.watched(seen, closes=self._closes))
        return self

    def __exit__(self, *_: object) -> None:
        self._parts.close()

    def _close(self) -> None:
        for worker in self._started:
            worker.close()
