"""What the end-to-end tests share: a fake of the Events API, and real worker processes.

The fake knows nothing of the project: not its schemas, not its match keys, not its sandbox.
It answers what a test tells it to, and keeps every request as it came.
"""

from __future__ import annotations

import json
import os
import select
import signal
import socket
import struct
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Final, Self, TypeVar

import pytest
from redis import Redis

from tests.looks import VIEWS
from tiktok_events.outbox import keys

ROOT: Final = Path(__file__).parents[2]
OURS: Final = ("-m", "worker.cli")
GONE_TIMEOUT_S: Final = 40.0
POLL_S: Final = 0.02
TOKEN: Final = "test-access-token"

Found = TypeVar("Found")


@dataclass(frozen=True, slots=True)
class Request:
    """A request as it came.

    Attributes:
        number: 0, 1, … in the order of arrival.
        at: when its body had been read, seconds of the monotonic clock.
        path: of the request line.
        headers: names in lower case.
        body: bytes.
        document: the body, decoded.
    """

    number: int
    at: float
    path: str
    headers: Mapping[str, str]
    body: bytes = field(repr=False)
    document: Any = field(repr=False)

    @property
    def source_id(self) -> Any:
        """Whose events it carried."""
        return self.document["event_source_id"]

    @property
    def ids(self) -> list[Any]:
        """The ids of the events it carried, in their order."""
        return [event["event_id"] for event in self.document["data"]]


Reply = tuple[int, Mapping[str, str], Any]
"""HTTP status, headers, and the body: bytes, or anything JSON can express."""

Script = Callable[[Request], Reply]
"""Answers a request; a ConnectionResetError that it raises resets the connection."""


def yes(request: Request) -> Reply:
    """Accept everything."""
    answer = {"code": 0, "message": "OK", "request_id": f"fake-{request.number}", "data": {}}
    return 200, {}, answer


class FakeApi:
    """An HTTP server on the loopback interface, in threads of its own.

    Attributes:
        answers: event_source_id → what answers its requests; `yes` answers the others.
        latency_s: how long every answer takes.
    """

    def __init__(self) -> None:
        self.answers: dict[str, Script] = {}
        self.latency_s = 0.0
        self._requests: list[Request] = []
        self._accepted: list[Request] = []
        self._lock = threading.Lock()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, args=(POLL_S,))

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self._server.server_port}"

    def requests(self, source_id: str | None = None) -> list[Request]:
        """What came, in order; of one event source or of all."""
        with self._lock:
            return [r for r in self._requests if source_id in {None, r.source_id}]

    def accepted(self, source_id: str | None = None) -> list[Request]:
        """The requests that were answered with code 0."""
        with self._lock:
            return [r for r in self._accepted if source_id in {None, r.source_id}]

    def reply(self, path: str, headers: Mapping[str, str], body: bytes) -> Reply:
        """Keep a request and answer it as the test wants."""
        now, document = time.monotonic(), json.loads(body)
        time.sleep(self.latency_s)
        with self._lock:
            request = Request(len(self._requests), now, path, headers, body, document)
            self._requests.append(request)
            reply = self.answers.get(request.source_id, yes)(request)
            if isinstance(reply[2], dict) and reply[2].get("code") == 0:
                self._accepted.append(request)
            return reply

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        return type("Handler", (_Handler,), {"fake": self})

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    fake: FakeApi

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        headers = {name.lower(): value for name, value in self.headers.items()}
        try:
            self._answer(*self.fake.reply(self.path, headers, body))
        except ConnectionResetError:
            self._reset()
        except BrokenPipeError:
            self.close_connection = True  # the worker was killed meanwhile

    def _answer(self, status: int, headers: Mapping[str, str], body: Any) -> None:
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def _reset(self) -> None:
        at_once = struct.pack("ii", 1, 0)
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, at_once)
        self.connection.close()  # before the server would end it politely
        self.close_connection = True

    def handle(self) -> None:
        try:
            super().handle()
        except ConnectionResetError:
            self.close_connection = True  # the worker was killed while it was idle

    def log_message(self, *_: Any) -> None:
        """Say nothing: a request is kept, not printed."""


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
    ) -> None:
        self.log_path = log_path
        self._alive, inherited = os.pipe()
        command = [sys.executable, *program, "worker", "--concurrency", str(concurrency)]
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

    def log(self) -> str:
        """What it has printed so far."""
        return self.log_path.read_text()

    def kill(self) -> None:
        """SIGKILL for all its processes at once; returns when they are gone."""
        os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait(GONE_TIMEOUT_S)
        assert self._all_gone(), "a process of the worker has outlived SIGKILL"

    def wait(self) -> int:
        """Its exit status, when it ends by itself."""
        return self._process.wait(GONE_TIMEOUT_S)

    def terminate(self, *, group: bool = False, within_s: float = GONE_TIMEOUT_S) -> int:
        """SIGTERM as an orchestrator sends it; returns the exit status.

        Args:
            group: for all its processes (systemd, Heroku), not for the main one only.
            within_s: how long the orchestrator waits.
        """
        self.signal(group=group)
        status = self._process.wait(within_s)
        assert self._all_gone(), f"a process of the worker has outlived it:\n{self.log()}"
        return status

    def signal(self, *, group: bool = False) -> None:
        """SIGTERM, and go on at once."""
        if group:
            os.killpg(self._process.pid, signal.SIGTERM)
        else:
            self._process.terminate()

    def close(self) -> None:
        """End it if it runs, and make sure that nothing is left of it."""
        if self.running:
            self.kill()
        gone = self._all_gone()
        os.close(self._alive)
        assert gone, f"a process of the worker has outlived it:\n{self.log()}"

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
        self, concurrency: int = 2, *, program: Sequence[str] = OURS, **settings: str | None
    ) -> Worker:
        """Start one more; a setting of `None` is left unset."""
        environment = {k: v for k, v in os.environ.items() if not k.startswith("TIKTOK_EVENTS_")}
        for name, value in {**self._settings, **settings}.items():
            if value is not None:
                environment[f"TIKTOK_EVENTS_{name}"] = value
        log_path = self._directory / f"worker-{len(self._started)}.log"
        self._started.append(Worker(environment, concurrency, log_path, program))
        return self._started[-1]

    def __enter__(self) -> Self:
        self._parts.callback(self._close)
        environment = {f"TIKTOK_EVENTS_{name}": value for name, value in self._settings.items()}
        self._parts.enter_context(VIEWS.watched(environment, closes=self._closes))
        return self

    def __exit__(self, *_: object) -> None:
        self._parts.close()

    def _close(self) -> None:
        for worker in self._started:
            worker.close()


@pytest.fixture(scope="session")
def new_fake_api() -> type[FakeApi]:
    """For a module that shares one fake between its tests; a context manager."""
    return FakeApi


@pytest.fixture(scope="session")
def new_workers() -> type[Workers]:
    """For a module that shares workers between its tests; a context manager."""
    return Workers


@pytest.fixture
def fake_api() -> Iterator[FakeApi]:
    """The fake of this test."""
    with FakeApi() as api:
        yield api


@pytest.fixture
def start_worker(
    fake_api: FakeApi, redis_url: str, tmp_path: Path
) -> Iterator[Callable[..., Worker]]:
    """Starts workers on the empty database and the fake: `start_worker(LEASE_S="8")`."""
    with Workers(tmp_path, REDIS_URL=redis_url, API_URL=fake_api.url) as workers:
        yield workers.start


@pytest.fixture(scope="session")
def wait_until() -> Callable[..., Any]:
    """`wait_until(condition, timeout_s)`: the condition's first true value."""

    def wait(condition: Callable[[], Found], timeout_s: float = 20.0) -> Found:
        ends = time.monotonic() + timeout_s
        while not (found := condition()):
            assert time.monotonic() < ends, f"not within {timeout_s:g} s"
            time.sleep(POLL_S)
        return found

    return wait


@pytest.fixture(scope="session")
def counters() -> Callable[[Redis], dict[str, int]]:
    """`counters(redis)`: what was counted since the database was empty."""

    def read(redis: Redis) -> dict[str, int]:
        counted: Any = redis.hgetall(keys.COUNTERS)
        return {name.decode(): int(value) for name, value in counted.items()}

    return read
