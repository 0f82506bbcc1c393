"""A real server without an installation: for the first run, the demo and the tests.

``EmbeddedServer`` starts a Valkey (or Redis) server on the loopback interface with
the settings that the outbox needs: an append-only file, and never an eviction.
It ends with the process that started it, even if that one is killed by SIGKILL,
because a watchdog process (``worker/local/watchdog.py``) stands between the two.

Not for production: there, ``TIKTOK_EVENTS_REDIS_URL`` points at a server with an
owner, a memory limit and a backup.

    EmbeddedServerError      base: the embedded server cannot do what was asked
    ├── ServerStartError     it did not start; carries the end of its log
    └── DirectoryInUseError  another embedded server writes there
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import IO, Final, Literal, Self, TypeVar

from tiktok_events.errors import TikTokEventsError
from worker.local import watchdog
from worker.local.loopback import HOST, answering_pid, free_port
from worker.local.server_program import find_server

# A start takes 0.1 s; the rest is for a long append-only file on a busy machine.
START_TIMEOUT_S: Final = 30.0
# Between SIGTERM and SIGKILL; the server flushes its append-only file meanwhile.
STOP_GRACE_S: Final = 5.0
_POLL_S: Final = 0.02
# The system hands out a free port, but anyone may take it before the server does.
_PORT_TRIES: Final = 5
_LOG_TAIL_LINES: Final = 15

AppendFsync = Literal["always", "everysec", "no"]
Value = TypeVar("Value")


class EmbeddedServerError(TikTokEventsError):
    """The embedded server cannot do what was asked."""


class ServerStartError(EmbeddedServerError):
    """The server did not start."""

    def __init__(self, message: str, *, log_tail: str) -> None:
        super().__init__(f"{message}\nEnd of the server's log:\n{log_tail}")
        self.log_tail = log_tail


class DirectoryInUseError(EmbeddedServerError):
    """Another embedded server writes in this directory."""


class EmbeddedServer:
    """A Valkey or Redis server that lives as long as it is needed, on the loopback.

    Use it as a context manager, or call ``start`` and ``stop``. Not thread-safe.

    Args:
        directory: where the append-only file and the log are; created if absent, kept by ``stop``.
            Default: a new temporary directory, removed by ``stop``.
        port: default: a free one, chosen by the system.
        program: the server program; default: what ``find_server`` finds.
        appendfsync: when the append-only file reaches the disk. ``everysec`` survives a
            killed server; only ``always`` survives a machine without power.

    Raises:
        ServerProgramMissingError: there is no server program to run.
    """

    def __init__(
        self,
        directory: Path | None = None,
        *,
        port: int | None = None,
        program: Path | None = None,
        appendfsync: AppendFsync = "everysec",
    ) -> None:
        self._program = find_server(program)
        self._appendfsync = appendfsync
        self._owned_directory = directory is None
        self._directory = None if directory is None else directory.resolve()
        self._fixed_port = port
        self._port: int | None = port
        self._pid: int | None = None
        self._watchdog: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_exc: object) -> None:
        self.stop()

    def start(self) -> None:
        """Start the server and wait until it answers.

        Raises:
            DirectoryInUseError: another embedded server writes in the directory.
            EmbeddedServerError: this server is running already.
            ServerStartError: it ended, or gave no answer within ``START_TIMEOUT_S``.
        """
        if self.running:
            raise EmbeddedServerError("the server runs already")
        self._make_directory()
        try:
            self._launch_on_free_port()
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        """End the server (SIGTERM, ``STOP_GRACE_S``, SIGKILL); remove a temporary directory.

        A second call does nothing.
        """
        self._end()
        if self._owned_directory and self._directory is not None:
            shutil.rmtree(self._directory, ignore_errors=True)
            self._directory = None
            self._port = self._fixed_port

    def kill(self) -> None:
        """Kill the server with SIGKILL, as a crash would; its directory stays."""
        if self.running:
            os.kill(self.pid, signal.SIGKILL)
        self._end()

    def restart(self) -> None:
        """End the server if it runs; start it again on the same port and directory.

        Raises:
            ServerStartError: as ``start``; also when someone else took the port meanwhile.
        """
        self._end()
        self._make_directory()
        self._launch(self.port)

    @property
    def running(self) -> bool:
        """Whether the server's process lives."""
        return self._watchdog is not None and self._watchdog.poll() is None

    @property
    def url(self) -> str:
        """The URL of database 0, as redis-py and Celery take it."""
        return f"redis://{HOST}:{self.port}/0"

    @property
    def port(self) -> int:
        """The TCP port; the same one after ``restart``."""
        return _started(self._port)

    @property
    def pid(self) -> int:
        """The process id of the server, the last one if it has ended."""
        return _started(self._pid)

    @property
    def directory(self) -> Path:
        """Where the append-only file and the log stand."""
        return _started(self._directory)

    @property
    def log_path(self) -> Path:
        """The server's log."""
        return self.directory / "server.log"

    @property
    def append_only_path(self) -> Path:
        """The append-only data: a directory of files, or one file before Redis 7."""
        files = self.directory / "appendonlydir"
        return files if files.is_dir() else self.directory / "appendonly.aof"

    def _make_directory(self) -> None:
        if self._directory is None:
            self._directory = Path(tempfile.mkdtemp(prefix="tiktok-events-"))
        self._directory.mkdir(parents=True, exist_ok=True)

    def _launch_on_free_port(self, tries: int = _PORT_TRIES) -> None:
        try:
            self._launch(self._fixed_port or free_port())
        except ServerStartError as error:
            race_lost = "Address already in use" in error.log_tail
            if self._fixed_port or tries == 1 or not race_lost:
                raise
            self._launch_on_free_port(tries - 1)

    def _launch(self, port: int) -> None:
        self._port = port
        self._spawn(port)
        try:
            self._read_pid()
            self._wait_for_answer(time.monotonic() + START_TIMEOUT_S)
        except BaseException:
            self._end()
            raise

    def _spawn(self, port: int) -> None:
        # The lock is handed down and our copy closed: it lives exactly as long as the
        # watchdog and the server, also when this process is killed before they are gone.
        with _lock(self.directory) as lock, self.log_path.open("ab") as log:
            self._watchdog = subprocess.Popen(  # noqa: S603 — our own file and a checked program
                [*_watchdog_command(), *self._server_command(port)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                pass_fds=[lock.fileno()],
                start_new_session=True,  # the Ctrl-C of a terminal is for the caller alone
            )

    def _server_command(self, port: int) -> list[str]:
        options = {
            "port": str(port),
            "bind": HOST,
            "dir": str(self.directory),
            "appendonly": "yes",
            "appendfsync": self._appendfsync,
            "save": "",  # one way to persist is enough
            "maxmemory-policy": "noeviction",
            "daemonize": "no",
        }
        pairs = ((f"--{name}", value) for name, value in options.items())
        return [str(self._program), *(word for pair in pairs for word in pair)]

    def _read_pid(self) -> None:
        assert self._watchdog is not None
        assert self._watchdog.stdout is not None
        line = self._watchdog.stdout.readline()
        if not line:
            raise self._start_error(f"{self._program} could not be run.")
        self._pid = int(line)

    def _wait_for_answer(self, deadline: float) -> None:
        while answering_pid(self.port) != self._pid:
            if not self.running:
                raise self._start_error("The server ended at once.")
            if time.monotonic() > deadline:
                raise self._start_error(f"No answer from the server in {START_TIMEOUT_S:g} s.")
            time.sleep(_POLL_S)

    def _start_error(self, message: str) -> ServerStartError:
        lines = self.log_path.read_text(errors="replace").splitlines()
        return ServerStartError(message, log_tail="\n".join(lines[-_LOG_TAIL_LINES:]))

    def _end(self) -> None:
        if self._watchdog is None:
            return
        try:
            self._watchdog.communicate(b"\n", timeout=STOP_GRACE_S * 2)
        except subprocess.TimeoutExpired:
            self._watchdog.kill()
            self._watchdog.communicate()
        # A killed watchdog could not end the server.
        if self._watchdog.returncode < 0 and self._pid is not None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self._pid, signal.SIGKILL)
        self._watchdog = None


def _started(value: Value | None) -> Value:
    if value is None:
        raise EmbeddedServerError("the server has not been started")
    return value


def _lock(directory: Path) -> IO[bytes]:
    lock = (directory / "embedded.lock").open("ab")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        lock.close()
        raise DirectoryInUseError(
            f"Another embedded server writes in {directory}. Stop it, or use another directory."
        ) from None
    return lock


def _watchdog_command() -> list[str]:
    # -I -S: nothing of the caller's environment, and an earlier start.
    parameters = [str(os.getpid()), str(STOP_GRACE_S)]
    return [sys.executable, "-I", "-S", watchdog.__file__, *parameters]
