"""The whole system on this machine: server, API, workers, and a stream of conversions.

    stage        an embedded server, the sandbox and real workers, each a process of its own
    enqueue      a mixed stream through the client, as an application would
    wait         until every event is delivered or dead
    report       what the worker counted beside what the sandbox counted

The API is the sandbox, always: no setting of the caller's reaches any part of it.
"""

from __future__ import annotations

import os
import re
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from redis import Redis

from tiktok_events import Client
from tiktok_events.outbox.shards import Shards
from tiktok_events.outbox.store import Store
from tiktok_events.settings import ENVIRONMENT_PREFIX
from worker.local.child_process import ChildProcess
from worker.local.demo.report import Counters, DemoReport, SandboxFigures
from worker.local.embedded import EmbeddedServer
from worker.local.loopback import HOST
from worker.local.samples.events import (
    EXAMPLE_PIXEL,
    SampleEvent,
    destinations,
    fault_of,
    sample_events,
)
from worker.local.samples.people import SAMPLE_REGION

FAULTS: Final = Path(__file__).with_name("faults.toml")
TOKEN: Final = "demo-token"  # noqa: S105 — because it opens nothing but the demo's own sandbox
LATENCY_MS: Final = 100
"""The sandbox's latency: that of the fastest real API calls in public logs."""

RETRY_BASE_S: Final = 0.25
"""A quarter of the default, so that the outages of the demo are short."""

INVALID_SHARE: Final = 0.002
POISONED: Final = 3
"""How many events the API refuses although they are valid for the client and the worker."""

SLICE_EVENTS: Final = 250
READY_S: Final = 30.0
STALL_S: Final = 45.0
"""Seconds without any progress, more than one lease, after which nothing more is waited for."""

_POLL_S: Final = 0.05
_LOOK_S: Final = 0.1


@dataclass(frozen=True, slots=True)
class Plan:
    """What to run.

    Attributes:
        events: how many events to enqueue.
        pixels: how many pixels the web events are spread over.
        workers: how many ``tiktok-events worker`` processes to start.
        seed: seed of the stream; the same seed gives the same events.
    """

    events: int = 20_000
    pixels: int = 4
    workers: int = 1
    seed: int = 7


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a run has come.

    Attributes:
        enqueued: how many events were enqueued so far.
        delivered: how many events were delivered so far.
        dead: how many events died so far.
        elapsed_s: seconds since the first event was enqueued.
    """

    enqueued: int
    delivered: int
    dead: int
    elapsed_s: float


Watch = Callable[[Progress], None]


@dataclass(frozen=True, slots=True)
class Stage:
    """Everything that runs, and where.

    Attributes:
        store: the outbox on the embedded server.
        settings: environment variables that make other commands use the same.
        children: the sandbox, then the workers.
    """

    store: Store
    settings: Mapping[str, str]
    children: tuple[ChildProcess, ...]

    @property
    def api_url(self) -> str:
        """The URL of the sandbox's API."""
        return self.settings[f"{ENVIRONMENT_PREFIX}API_URL"]

    def check(self) -> None:
        """Check that all of it runs.

        Raises:
            ChildProcessEndedError: a part has ended.
        """
        for child in self.children:
            child.check()


def forget_settings() -> None:
    """Remove all our settings from the environment: the caller's may name a real API."""
    for name in [name for name in os.environ if name.startswith(ENVIRONMENT_PREFIX)]:
        del os.environ[name]


@contextmanager
def stage(plan: Plan) -> Iterator[Stage]:
    """Start everything and yield when it is ready; end it all, and leave no file.

    Raises:
        ChildProcessEndedError: a part did not start; the message has its log.
        EmbeddedServerError: the server did not start.
    """
    with ExitStack() as stack:
        folder = Path(stack.enter_context(TemporaryDirectory(prefix="tiktok-events-demo-")))
        server = stack.enter_context(EmbeddedServer())
        sandbox = stack.enter_context(_sandbox(plan, folder))
        settings = _settings(server.url, _api_url(sandbox))
        workers = [
            stack.enter_context(_worker(number, settings, folder))
            for number in range(1, plan.workers + 1)
        ]
        for worker in workers:
            worker.wait_for(_heartbeat(worker.log_path), timeout_s=READY_S)
        redis = stack.enter_context(Redis.from_url(server.url, protocol=2))
        yield Stage(Store(redis, Shards()), settings, (sandbox, *workers))


def run(scene: Stage, plan: Plan, watch: Watch) -> DemoReport:
    """Enqueue the stream, wait until all of it has ended, and count.

    Raises:
        ChildProcessEndedError: a part ended meanwhile.
        TikTokEventsError: an event could not be enqueued.
    """
    started = time.monotonic()
    look = _Look(scene, watch, started)
    enqueued = _enqueue(scene, plan, look)
    counters = _wait_for_the_last(enqueued, look)
    duration_s = time.monotonic() - started
    return DemoReport(enqueued, counters, SandboxFigures.read(scene.api_url), duration_s)


def stream(plan: Plan, *, now: int) -> Iterator[SampleEvent]:
    """Yield the events of a run; ``POISONED`` valid web events have the mark of the scenario."""
    events = sample_events(
        plan.events, seed=plan.seed, now=now, invalid_share=INVALID_SHARE, pixels=plan.pixels
    )
    every = max(plan.events // POISONED, 1)
    wanted = 0
    for number, event in enumerate(events):
        wanted += number % every == every // 2
        if wanted and _is_valid_web_event(event):
            event["event_id"] = f"poison-{number}"
            wanted -= 1
        yield event


def _is_valid_web_event(event: SampleEvent) -> bool:
    return event["event_source"] == "web" and fault_of(event.get("event_id", "")) is None


class _Look:
    """Reads the counters and shows them, but not too often."""

    def __init__(self, scene: Stage, watch: Watch, started: float) -> None:
        self._scene = scene
        self._watch = watch
        self._started = started
        self._next = started

    def now_and_then(self, enqueued: int) -> None:
        """Look, if the last look is long enough ago."""
        if time.monotonic() >= self._next:
            self.now(enqueued)

    def now(self, enqueued: int) -> Counters:
        """Look now, and return what there is."""
        self._scene.check()
        counters = Counters.read(self._scene.store)
        elapsed_s = time.monotonic() - self._started
        dead = sum(counters.dead.values())
        self._watch(Progress(enqueued, counters.delivered, dead, elapsed_s))
        self._next = time.monotonic() + _LOOK_S
        return counters


def _enqueue(scene: Stage, plan: Plan, look: _Look) -> int:
    events = stream(plan, now=int(time.time()))
    enqueued = 0
    redis_url = scene.settings[f"{ENVIRONMENT_PREFIX}REDIS_URL"]
    with Client(redis_url, default_region=SAMPLE_REGION, on_failure="raise") as client:
        while some := list(islice(events, SLICE_EVENTS)):
            enqueued += len(client.track_many(some))
            look.now_and_then(enqueued)
    return enqueued


def _wait_for_the_last(enqueued: int, look: _Look) -> Counters:
    """Wait until every event has ended, or nothing moves any more."""
    counters = look.now(enqueued)
    moved = time.monotonic()
    while counters.accounted < enqueued and time.monotonic() - moved < STALL_S:
        time.sleep(_POLL_S)
        before, counters = counters, look.now(enqueued)
        if counters != before:
            moved = time.monotonic()
    return counters


def _settings(redis_url: str, api_url: str) -> dict[str, str]:
    return {
        f"{ENVIRONMENT_PREFIX}REDIS_URL": redis_url,
        f"{ENVIRONMENT_PREFIX}API_URL": api_url,
        f"{ENVIRONMENT_PREFIX}ACCESS_TOKEN": TOKEN,
        f"{ENVIRONMENT_PREFIX}PIXEL_CODE": EXAMPLE_PIXEL,
        f"{ENVIRONMENT_PREFIX}RETRY_BASE_S": str(RETRY_BASE_S),
    }


def _environment(settings: Mapping[str, str]) -> dict[str, str]:
    """Return the caller's environment without our settings and proxies for the loopback."""
    inherited = {k: v for k, v in os.environ.items() if not k.startswith(ENVIRONMENT_PREFIX)}
    return inherited | {"no_proxy": HOST, "NO_PROXY": HOST} | dict(settings)


def _sandbox(plan: Plan, folder: Path) -> ChildProcess:
    ids = ",".join(source_id for _, source_id in destinations(plan.pixels))
    arguments = ["sandbox", "--port=0", f"--token={TOKEN}={ids}", f"--scenario={FAULTS}"]
    return ChildProcess(
        "sandbox",
        [*arguments, f"--latency-ms={LATENCY_MS}"],
        environment=_environment({}),
        log_path=folder / "sandbox.log",
    )


def _api_url(sandbox: ChildProcess) -> str:
    """Return the address that the sandbox prints once it listens."""
    printed = re.compile(rf"^export {ENVIRONMENT_PREFIX}API_URL=(\S+)\n", re.MULTILINE)
    found = sandbox.wait_for(
        lambda: printed.search(sandbox.log_path.read_text(errors="replace")), timeout_s=READY_S
    )
    return found[1]


def _worker(number: int, settings: Mapping[str, str], folder: Path) -> ChildProcess:
    log_path = folder / f"worker-{number}.log"
    heartbeat = {f"{ENVIRONMENT_PREFIX}HEARTBEAT_FILE": str(log_path.with_suffix(".alive"))}
    return ChildProcess(
        "worker",
        ["worker", f"--concurrency={min(os.cpu_count() or 1, 2)}"],
        environment=_environment({**settings, **heartbeat}),
        log_path=log_path,
    )


def _heartbeat(log_path: Path) -> Callable[[], bool | None]:
    alive = log_path.with_suffix(".alive")
    return lambda: alive.exists() or None
