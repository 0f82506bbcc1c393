"""The exit code of a worker, which tells its supervisor whether to start another."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.builders.nowhere import nowhere

LIMIT_S = 30.0
"""Longest wait for a worker."""

PROGRAM = """
import sys

from celery import bootsteps
from celery.exceptions import WorkerShutdown, WorkerTerminate

from worker.app import create_app
from worker.cli.working import run
from worker.settings import Settings


class Ending(bootsteps.StartStopStep):
    def start(self, parent):
        raise {error}


app = create_app(Settings.load())
app.steps["worker"].add(Ending)
sys.exit(run(app, concurrency=1, pool="solo", hostname="shop@host"))
"""


@pytest.mark.parametrize(
    ("error", "code"),
    [("WorkerShutdown(0)", 0), ("RuntimeError()", 1), ("WorkerTerminate()", 1)],
    ids=["told to end", "a bug", "ended without a word"],
)
def test_only_a_worker_that_was_told_to_end_ends_well(
    error: str, code: int, redis_url: str
) -> None:
    """Any other is to be followed by a new one."""
    ended = subprocess.run(
        [sys.executable, "-c", PROGRAM.format(error=error)],
        env=os.environ | {"TIKTOK_EVENTS_REDIS_URL": redis_url},
        stderr=subprocess.PIPE,
        check=False,
        timeout=60,
    )
    assert ended.returncode == code, ended.stderr.decode()


@contextmanager
def worker_of(url: str, log: Path) -> Iterator[subprocess.Popen[bytes]]:
    """A worker on this server, and nothing of it in the end."""
    environment = os.environ | {"TIKTOK_EVENTS_REDIS_URL": url}
    command = [sys.executable, "-m", "worker.cli", "worker", "--concurrency=1"]
    with log.open("wb") as told:
        worker = subprocess.Popen(
            command, env=environment, stdout=told, stderr=told, start_new_session=True
        )
    try:
        yield worker
    finally:
        if worker.poll() is None:
            os.killpg(worker.pid, signal.SIGKILL)
            worker.wait(LIMIT_S)


def hears_signals(worker: subprocess.Popen[bytes]) -> bool:
    """Whether it has a handler for SIGTERM, as soon as it has begun to load."""
    told = Path(f"/proc/{worker.pid}/status").read_text()
    caught = int(re.findall(r"SigCgt:\t(\w+)", told)[0], 16)
    return bool(caught >> (signal.SIGTERM - 1) & 1)


def eventually(condition: Callable[[], object]) -> None:
    """Wait until it is so."""
    ends = time.monotonic() + LIMIT_S
    while not condition():
        assert time.monotonic() < ends
        time.sleep(0.01)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=["Ctrl-C", "SIGTERM"])
@pytest.mark.parametrize("group", [False, True], ids=["main process", "whole group"])
def test_a_worker_that_is_told_to_end_ends_well(
    number: signal.Signals, redis_url: str, tmp_path: Path, *, group: bool
) -> None:
    """Whichever way it is told, and whether it has begun or not."""
    tell = os.killpg if group else os.kill
    with (
        worker_of(redis_url, tmp_path / "one.log") as ready,
        worker_of(redis_url, tmp_path / "two.log") as loading,
        worker_of(nowhere(), tmp_path / "three.log") as without_server,
    ):
        eventually(lambda: hears_signals(loading))
        tell(loading.pid, number)
        eventually(lambda: b"worker_ready" in (tmp_path / "one.log").read_bytes())
        tell(ready.pid, number)
        eventually(lambda: b"nobody listens there" in (tmp_path / "three.log").read_bytes())
        tell(without_server.pid, number)
        statuses = [one.wait(LIMIT_S) for one in (ready, loading, without_server)]
    assert statuses == [0, 0, 0]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=["Ctrl-C", "SIGTERM"])
def test_a_second_signal_ends_a_worker_at_once(
    number: signal.Signals, redis_url: str, tmp_path: Path
) -> None:
    """Without waiting for anything that is under way."""
    log = tmp_path / "worker.log"
    with worker_of(redis_url, log) as worker:
        eventually(lambda: b"worker_ready" in log.read_bytes())
        os.kill(worker.pid, number)
        eventually(lambda: b"Warm shutdown" in log.read_bytes())
        os.kill(worker.pid, number)
        assert worker.wait(LIMIT_S) == -signal.SIGTERM
