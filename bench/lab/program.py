"""A program that the benchmark runs beside itself, and ends again."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Self

ROOT = Path(__file__).resolve().parents[2]
OURS = Path(sys.executable)
GRACE_S = 15
LOG_TAIL_CHARACTERS = 2_000


class ProgramError(Exception):
    """A program ended, or did not do what was waited for."""


class Program:
    """A subprocess in a group of its own; a context manager.

    What it prints goes to its log, and standard output too unless it ``speaks``: a pipe that
    nobody reads would stop it.

    Args:
        command: see ``located``.
        environment: added to ours, from which all settings of the project are taken out first.
        speaks: whether its standard output is for us.
        python: the interpreter of the environment; ours by default.
    """

    def __init__(
        self,
        command: list[str],
        environment: Mapping[str, str] | None = None,
        *,
        speaks: bool = False,
        python: Path = OURS,
    ) -> None:
        self.name = command[0]
        self.command = located(command, python)
        self.environment = clean_environment() | dict(environment or {})
        self.speaks = speaks
        self.log = tempfile.TemporaryFile()  # noqa: SIM115 — because it is closed in __exit__

    def __enter__(self) -> Self:
        self.process = subprocess.Popen(
            self.command,
            cwd=ROOT,
            env=self.environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE if self.speaks else self.log,
            stderr=self.log,
            text=True,
            start_new_session=True,
        )
        return self

    def __exit__(self, *_error: object) -> None:
        try:
            self.process.terminate()
            self.process.communicate(timeout=GRACE_S)
        except subprocess.TimeoutExpired:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.communicate()
        self.log.close()

    @property
    def pid(self) -> int:
        """The process id."""
        return self.process.pid

    def read_line(self) -> str:
        """Return the next line it prints.

        Raises:
            ProgramError: it ended.
        """
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        if not line:
            raise self.failure("ended")
        return line.strip()

    def write_line(self, line: str = "") -> None:
        """Give it a line on its standard input."""
        assert self.process.stdin is not None
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()

    def check(self) -> None:
        """Raise ``ProgramError`` if it has ended."""
        if self.process.poll() is not None:
            raise self.failure("ended")

    def failure(self, what: str) -> ProgramError:
        """Return an error that shows the end of its log."""
        self.log.seek(0)
        tail = self.log.read().decode(errors="replace")[-LOG_TAIL_CHARACTERS:]
        return ProgramError(f"{self.name}: {what}\n{tail}")


def located(command: list[str], python: Path = OURS) -> list[str]:
    """Return a command as it is started: a module of ``bench``, or a program of an environment."""
    name, *arguments = command
    if name.startswith("bench."):
        return [str(python), "-m", name, *arguments]
    return [str(python.parent / name), *arguments]


def clean_environment() -> dict[str, str]:
    """Return our environment without any setting of the project, of Celery or of a peer.

    All programs find this package, which is not installed in the environments of the peers.
    """
    ours = ("TIKTOK_EVENTS_", "CELERY_", "NAIVE_", "PEER_")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(ours)}
    return kept | {"PYTHONPATH": str(ROOT)}
