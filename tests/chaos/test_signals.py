"""SIGTERM beside a server that is stopped, paused, killed or restarted: every worker ends soon."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

import pytest

from tests.builders.environment import environment
from tests.builders.fake_api import FakeApi
from tests.builders.wait import wait_until
from tests.builders.workers import Worker
from tiktok_events import Client, OutboxUnavailable
from worker.local.embedded import EmbeddedServer

pytestmark = [pytest.mark.chaos, pytest.mark.timeout(3_600)]

ROUNDS: Final = int(os.environ.get("SIGNAL_ROUNDS", "6"))
SEED: Final = int(os.environ.get("SIGNAL_SEED", "7"))
END_S: Final = 10.0
READY_S: Final = 30.0
LONGEST_S: Final = 6.0
"""Of a disturbance."""


@pytest.fixture(scope="module")
def api_url() -> Iterator[str]:
    """An API that accepts everything."""
    with FakeApi() as api:
        yield api.url


def pause(server: EmbeddedServer, for_s: float) -> None:
    """Its process gets no time: connections stand, and nothing answers."""
    os.kill(server.pid, signal.SIGSTOP)
    time.sleep(for_s)
    os.kill(server.pid, signal.SIGCONT)


def kill(server: EmbeddedServer, for_s: float) -> None:
    """SIGKILL, and a new one on the same files."""
    server.kill()
    time.sleep(for_s)
    server.restart()


def stop(server: EmbeddedServer, for_s: float) -> None:
    """As an operator restarts it."""
    server.stop()
    time.sleep(for_s)
    server.start()


DISTURBANCES: Final[tuple[Callable[[EmbeddedServer, float], None], ...]] = (pause, kill, stop)


class Disturbing(threading.Thread):
    """Disturbs the server some times, in a thread of its own."""

    def __init__(self, server: EmbeddedServer, rng: random.Random) -> None:
        super().__init__()
        self._server = server
        self.plan = [
            (rng.choice(DISTURBANCES), rng.uniform(0.05, LONGEST_S), rng.uniform(0, 2))
            for _ in range(rng.randint(1, 3))
        ]

    @property
    def length_s(self) -> float:
        """How long it takes, about."""
        return sum(for_s + after_s for _, for_s, after_s in self.plan)

    def run(self) -> None:
        """One after the other."""
        for disturb, for_s, after_s in self.plan:
            disturb(self._server, for_s)
            time.sleep(after_s)


@contextmanager
def producing(url: str) -> Iterator[None]:
    """Events and messages, as long as this lasts."""
    ended = threading.Event()

    def produce() -> None:
        with Client(url, event_source_id="C0SIGNALS", redis_timeout_s=0.5) as client:
            while not ended.wait(0.01):
                with suppress(OutboxUnavailable):
                    client.track_many([{"event": "Lead"}] * 20)

    thread = threading.Thread(target=produce)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()


@contextmanager
def working(url: str, api_url: str, log_path: Path) -> Iterator[Worker]:
    """A worker that is ready."""
    settings = {"REDIS_URL": url, "API_URL": api_url, "ACCESS_TOKEN": "t", "LOG_FORMAT": "json"}
    worker = Worker(environment(settings), 2, log_path)
    try:
        wait_until(lambda: "worker_ready" in worker.log(), READY_S)
        yield worker
    finally:
        worker.close()


@pytest.mark.parametrize("number", range(ROUNDS))
def test_a_worker_ends_within_ten_seconds(number: int, api_url: str, tmp_path: Path) -> None:
    """Of SIGTERM, whatever befalls the server; and never before, by itself."""
    rng = random.Random(SEED * 10_000 + number)
    with (
        EmbeddedServer() as server,
        working(server.url, api_url, tmp_path / "worker.log") as worker,
        producing(server.url),
    ):
        disturbing = Disturbing(server, rng)
        told = [
            (d.__name__, round(for_s, 1), round(gap_s, 1)) for d, for_s, gap_s in disturbing.plan
        ]
        disturbing.start()
        try:
            time.sleep(rng.uniform(0, disturbing.length_s))
            assert worker.running, f"it ended by itself: {told}\n{worker.log()[-4000:]}"
            began = time.monotonic()
            status = _ended(worker, told, group=rng.random() < 1 / 3)
            print(f"{number}: {time.monotonic() - began:.1f} s", told)  # noqa: T201 — because figures are wanted
            assert status == 0, f"{told}\n{worker.log()[-4000:]}"
        finally:
            disturbing.join()


def _ended(worker: Worker, told: object, *, group: bool) -> int:
    try:
        return worker.terminate(group=group, within_s=END_S)
    except subprocess.TimeoutExpired:
        raise AssertionError(f"still there: {told}\n{worker.log()[-4000:]}") from None
