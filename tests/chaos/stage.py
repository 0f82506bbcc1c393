"""Everything one scenario needs: a server, the sandbox, workers and a producer, all real."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Self, TypeVar

from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import ResponseError

from tests.builders.environment import environment
from tests.builders.figures import figures_off
from tests.builders.stores import keys, store_of
from tests.builders.workers import OURS, ROOT, Worker
from tests.chaos.producer import PIXELS, Marked, producer
from tests.chaos.wire import Wire
from tests.looks import VIEWS
from tiktok_events.outbox.keys import GROUP
from tiktok_events_sandbox import Sandbox
from worker.letters.dead_letters import DeadLetters, Reason
from worker.local.embedded import EmbeddedServer
from worker.operations.status import Figures, read_figures
from worker.runtime.engine import connect
from worker.settings import Settings

CONCURRENCY: Final = 2
DEADLY: Final = (str(Path(__file__).with_name("deadly_worker.py")),)
"""Our own program, but a marked event kills the process that prepares it."""

POLL_S: Final = 0.05
WAIT_S: Final = 90.0
"""An upper bound for everything that is waited for; what it took is printed, not judged."""

UNDER_WAY: Final = 12
"""Requests that must have come in before it is clear that work goes on."""

SHORT_LEASE: Final = {"LEASE_S": "8", "REQUEST_TIMEOUT_S": "2", "LOG_FORMAT": "json"}
KEPT_EVENTS: Final = 10**6
MANY_BLOCKS: Final = 10**6

Found = TypeVar("Found")

Servers = Callable[[Path, Path | None], Any]
"""Makes, in a directory and with a program, what has a `url` and is a context manager."""


def one_server(_: Path, program: Path | None) -> EmbeddedServer:
    """What most scenarios have."""
    return EmbeddedServer(program=program)


def destination(pixel: str) -> str:
    """The key of a pixel's destination."""
    return f"web:{pixel}"


def token(pixel: str) -> str:
    """The access token of a pixel: each has its own."""
    return f"token-of-{pixel}"


@dataclass(frozen=True, slots=True)
class Exit:
    """How a worker ended that was told to.

    Attributes:
        status: of its main process.
        took_s: from the signal until its last process was gone.
    """

    status: int
    took_s: float


class Stage:
    """The parts of a scenario; a context manager that leaves no process behind.

    Args:
        directory: for logs and the destinations file.
        settings: of the workers, by the name without the prefix, beside ``SHORT_LEASE``.
        latency_ms: of the sandbox.
        marked: which events are marked.
        deadly: whether a marked event kills its worker.
        program: of the server.
        wired: whether the workers reach the server through a wire that can be cut.
        spools: whether the application keeps on its machine what the server does not take.
        servers: makes what stands in the place of one server.

    Attributes:
        at_risk: ids of accepted events that replication may not have carried.
        exits: of the workers that were told to end.
        gone: ids of accepted events that the server has lost.
    """

    def __init__(
        self,
        directory: Path,
        *,
        settings: Mapping[str, str],
        latency_ms: float,
        marked: Marked | None,
        deadly: bool,
        program: Path | None,
        wired: bool = False,
        spools: bool = False,
        servers: Servers = one_server,
    ) -> None:
        self.at_risk: frozenset[str] = frozenset()
        self.exits: list[Exit] = []
        self.gone: set[str] = set()
        self.sandbox = Sandbox(
            tokens={token(pixel): {pixel} for pixel in PIXELS},
            latency_ms=latency_ms,
            keep_events=KEPT_EVENTS,
        )
        self.server: Any = servers(directory / "servers", program)
        self._directory = directory
        self._settings = {**SHORT_LEASE, **settings}
        self._spool_file = directory / "spool.sqlite" if spools else None
        self._marked = marked
        self._wired = wired
        self._program = DEADLY if deadly else OURS
        self._workers: list[Worker] = []
        self._parts = ExitStack()

    def __enter__(self) -> Self:
        with ExitStack() as parts:
            parts.enter_context(self.server)
            parts.enter_context(self.sandbox)
            self.redis = parts.enter_context(connect(Settings(redis_url=self.server.url))).redis
            if self._wired:
                self.wire = parts.enter_context(Wire(self.server.port))
            parts.callback(self._close_workers)
            self.producer = parts.enter_context(
                producer(self.server.url, self._marked, self._spool_file)
            )
            parts.enter_context(VIEWS.watched(self.environment()))
            self._parts = parts.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._parts.close()

    @property
    def workers(self) -> list[Worker]:
        """Those that run, oldest first."""
        return [worker for worker in self._workers if worker.running]

    @property
    def vanished(self) -> int:
        """Workers that ended by themselves."""
        return sum(worker.vanished for worker in self._workers)

    def lines(self) -> list[dict[str, Any]]:
        """What all workers have logged."""
        printed = (line for worker in self._workers for line in worker.log().splitlines())
        return [json.loads(line) for line in printed if line.startswith("{")]

    def note_gone(self) -> None:
        """The server has just lost everything."""
        self.gone |= set(self.producer.accepted) - self.arrived_or_dead()

    def start_worker(self) -> Worker:
        """Start one more."""
        log_path = self._directory / f"worker-{len(self._workers)}.log"
        self._workers.append(Worker(self.environment(), CONCURRENCY, log_path, self._program))
        return self._workers[-1]

    def end_worker(self, worker: Worker) -> None:
        """Tell a worker to end, and keep how it did."""
        began = time.monotonic()
        status = worker.terminate()
        self.exits.append(Exit(status, time.monotonic() - began))

    def empty_spool(self) -> None:
        """Put what the application kept into the outbox, as an operator does."""
        if self._spool_file is not None:
            self.command("spool", "flush", "--file", str(self._spool_file))

    def command(self, *arguments: str) -> None:
        """Run a command as an operator does."""
        command = [sys.executable, *OURS, *arguments]
        subprocess.run(command, cwd=ROOT, env=self.environment(), check=True, capture_output=True)

    def claims(self, worker: Worker) -> dict[str, int]:
        """What a worker's living processes hold: block id → process."""
        pending = (one for pixel in PIXELS for one in self._pending(destination(pixel)))
        return {block: pid for block, pid in pending if worker.has(pid)}

    def parked(self, pixel: str) -> bool:
        """Whether a pixel's events wait for a person."""
        return bool(self.redis.hexists(keys.state(destination(pixel)), "parked"))

    def figures(self) -> Figures:
        """What Redis says of itself."""
        return read_figures(store_of(self.redis))

    def figures_off(self) -> dict[str, tuple[int, int]]:
        """Counters from which the sums over hours differ."""
        return figures_off(store_of(self.redis))

    def wait_until(self, condition: Callable[[], Found], timeout_s: float = WAIT_S) -> Found:
        """The condition's first true value."""
        ends = time.monotonic() + timeout_s
        while not (found := condition()):
            assert time.monotonic() < ends, f"not within {timeout_s:g} s"
            assert self.workers or not self._workers, self._workers[-1].log()
            time.sleep(POLL_S)
        return found

    def wait_for_claims(self) -> Worker:
        """Return the only worker while it holds claims, after work has gone on for a while."""
        self.wait_for_requests()
        (worker,) = self.workers
        self.wait_until(lambda: self.claims(worker))
        return worker

    def wait_for_requests(self) -> None:
        """Return when work goes on: the sandbox has got some more requests."""
        wanted = self.sandbox.report().requests + UNDER_WAY
        self.wait_until(lambda: self.sandbox.report().requests >= wanted)

    def dead(self) -> dict[str, Reason]:
        """The dead letters: event id → reason."""
        return {
            str(letter.event_id): Reason(letter.reason)
            for letter in DeadLetters(store_of(self.redis))
        }

    def arrived_or_dead(self) -> set[str]:
        """Ids of the events that the sandbox accepted, and of the dead letters."""
        return {one.event["event_id"] for one in self.sandbox.events()} | self.dead().keys()

    def outlived(self, since: float) -> bool:
        """Whether no block that was appended before a moment (Unix seconds) is left.

        A cluster that has just got its leader back still says that it is down.
        """
        try:
            figures = self.figures()
        except RedisConnectionError:
            return False
        waiting = [one for one in figures.destinations if one.waiting]
        return all(one.oldest_at is not None and one.oldest_at > since for one in waiting)

    def drained(self) -> bool:
        """Whether nothing waits at all."""
        return self.redis.exists(keys.ready) == 0 and self.figures().waiting == 0

    def environment(self) -> dict[str, str]:
        """What workers and commands see; nothing of our settings is inherited."""
        settings = {
            "REDIS_URL": self.wire.url if self._wired else self.server.url,
            "API_URL": self.sandbox.url,
            "DESTINATIONS_FILE": str(self._destinations_file()),
            **self._settings,
        }
        return environment(settings)

    def _destinations_file(self) -> Path:
        file = self._directory / "destinations.toml"
        if not file.exists():
            file.write_text("\n".join(map(_table, PIXELS)))
        return file

    def _pending(self, name: str) -> Iterator[tuple[str, int]]:
        """Block id and claiming process, which may be dead; what is due again has none."""
        try:
            pending: Any = self.redis.xpending_range(
                keys.outbox(name), GROUP, "-", "+", MANY_BLOCKS
            )
        except ResponseError:
            return  # the outbox is empty at the moment
        for entry in pending:
            _, *process = entry["consumer"].decode().split(":")
            if process:
                yield entry["message_id"].decode(), int(process[0])

    def _close_workers(self) -> None:
        with ExitStack() as closing:
            for worker in self._workers:
                closing.callback(worker.close)


def _table(pixel: str) -> str:
    return (
        "[[destinations]]\n"
        'event_source = "web"\n'
        f'event_source_id = "{pixel}"\n'
        f'access_token = "{token(pixel)}"\n'
    )
