"""SIGTERM beside a server that is stopped, paused, killed or restarted: every worker ends soon."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Final

import pytest

from tiktok_events import Client, OutboxUnavailable
from worker.local.embedded import EmbeddedServer

pytestmark = [pytest.mark.chaos, pytest.mark.timeout(3_600)]

ROUNDS: Final = int(os.environ.get("SIGNAL_ROUNDS", "6"))
SEED: Final = int(os.environ.get("SIGNAL_SEED", "7"))
ROOT: Final = Path(__file__).parents[2]
END_S: Final = 10.0
READY_S: Final = 30.0
LONGEST_S: Final = 6.0
"""Of a disturbance."""


class _Accepting(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        answer = b'{"code": 0, "message": "OK", "request_id": "r", "data": {}}'
        self.send_response(200)
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        with suppress(OSError):
            self.wfile.write(answer)

    def log_message(self, *_: Any) -> None:
        """Say nothing."""


@pytest.fixture(scope="module")
def api_url() -> Iterator[str]:
    """An API that accepts everything."""
    with ThreadingHTTPServer(("127.0.0.1", 0), _Accepting) as api:
        api.daemon_threads = True
        thread = threading.Thread(target=api.serve_forever, args=(0.05,))
        thread.start()
        yield f"http://127.0.0.1:{api.server_port}"
        api.shutdown()
        thread.join()


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
def working(url: str, api_url: str, log_path: Path) -> Iterator[subprocess.Popen[bytes]]:
    """A worker that is ready."""
    environment = os.environ | {
        "TIKTOK_EVENTS_REDIS_URL": url,
        "TIKTOK_EVENTS_API_URL": api_url,
        "TIKTOK_EVENTS_ACCESS_TOKEN": "token",
        "TIKTOK_EVENTS_LOG_FORMAT": "json",
    }
    command = [sys.executable, "-m", "worker.cli", "worker", "--concurrency", "2"]
    with log_path.open("wb") as log:
        process = subprocess.Popen(
            command, cwd=ROOT, env=environment, stdout=log, stderr=log, start_new_session=True
        )
    try:
        _wait(lambda: b"worker_ready" in log_path.read_bytes(), READY_S)
        yield process
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def _wait(condition: Callable[[], bool], within_s: float) -> None:
    ends = time.monotonic() + within_s
    while not condition():
        assert time.monotonic() < ends, f"not within {within_s:g} s"
        time.sleep(0.02)


@pytest.mark.parametrize("number", range(ROUNDS))
def test_a_worker_ends_within_ten_seconds(number: int, api_url: str, tmp_path: Path) -> None:
    """Of SIGTERM, whatever befalls the server; and never before, by itself."""
    rng = random.Random(SEED * 10_000 + number)
    log_path = tmp_path / "worker.reporting.log"
    with (
        EmbeddedServer() as server,
        working(server.url, api_url, log_path) as worker,
        producing(server.url),
    ):
        disturbing = Disturbing(server, rng)
        told = [
            (d.__name__, round(for_s, 1), round(gap_s, 1)) for d, for_s, gap_s in disturbing.plan
        ]
        disturbing.start()
        try:
            time.sleep(rng.uniform(0, disturbing.length_s))
            assert worker.poll() is None, (
                f"it ended by itself: {told}\n{log_path.read_text()[-4000:]}"
            )
            began = time.monotonic()
            if rng.random() < 1 / 3:
                os.killpg(worker.pid, signal.SIGTERM)
            else:
                worker.terminate()
            status = _status(worker, log_path, told)
            print(f"{number}: {time.monotonic() - began:.1f} s", told)  # noqa: T201 — because figures are wanted
            assert status == 0, f"{told}\n{log_path.read_text()[-4000:]}"
        finally:
            disturbing.join()


def _status(worker: subprocess.Popen[bytes], log_path: Path, told: object) -> int:
    try:
        return worker.wait(END_S)
    except subprocess.TimeoutExpired:
        raise AssertionError(f"still there: {told}\n{log_path.read_text()[-4000:]}") from None
