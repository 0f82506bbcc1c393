"""The designs that are compared: how each is fed, worked off, and in which environment it runs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

TOKEN = "a-token-for-the-sink"  # noqa: S105 — because the sink takes any

Takes = Literal["all", "web"]


@dataclass(frozen=True, slots=True)
class Design:
    """One row of the comparison.

    Attributes:
        name: as it is printed; see ``key``.
        producer: the function that is given the events, as ``module:function``.
        command: starts the worker; ``{n}`` stands for the number of worker processes.
        events: how many a run gets, so that it lasts some seconds.
        peer: whose environment it runs in, see ``lab/environments.py``; empty for ours.
        session: whether the naive design keeps its connections.
        takes: which of the samples it can send.
    """

    name: str
    producer: str
    command: str
    events: int
    peer: str = ""
    session: bool = False
    takes: Takes = "all"

    @property
    def key(self) -> str:
        """The name as ``--only`` takes it: nothing that a shell would read."""
        return self.name.removesuffix("()")

    def environment(self, redis_url: str, api_url: str) -> dict[str, str]:
        """Return the settings of its producer and its worker; a design reads only its own."""
        return {
            "TIKTOK_EVENTS_REDIS_URL": redis_url,
            "TIKTOK_EVENTS_API_URL": api_url,
            "TIKTOK_EVENTS_ACCESS_TOKEN": TOKEN,
            "PEER_REDIS_URL": redis_url,
            "PEER_API_URL": api_url,
            "PEER_ACCESS_TOKEN": TOKEN,
            "NAIVE_SESSION": "1" if self.session else "",
        }

    def worker(self, concurrency: int) -> list[str]:
        """Return the command that starts its worker."""
        return self.command.format(n=concurrency).split()


def usual(name: str, module: str, command: str, events: int, **more: Any) -> Design:
    """Return a design whose module has ``enqueue``; ``{module}`` in the command is the module."""
    path = f"bench.designs.{module}"
    return Design(name, f"{path}:enqueue", command.replace("{module}", path), events, **more)


def peer(name: str, command: str, events: int, takes: Takes = "all") -> Design:
    """Return a design whose module and environment are named after it."""
    key = name.replace("-", "_")
    return usual(name, f"peers.{key}_worker", command, events, peer=key, takes=takes)


CELERY = "celery -A {module} worker --loglevel warning --concurrency {n}"
HUEY = "huey_consumer {module}.huey --workers {n} --worker-type process --quiet"
DRAMATIQ = "dramatiq {module} --processes {n}"
ARQ = "bench.lab.copies {n} arq {module}.WorkerSettings --custom-log-dict {module}.QUIET"
TASKIQ = "taskiq worker {module}:broker --workers {n} --log-level WARNING"
WORKER = "tiktok-events worker --concurrency {n}"
WITHOUT = "bench.lab.copies {n} bench.designs.without_celery"
TRACK, TRACK_MANY = "bench.designs.ours:track", "bench.designs.ours:track_many"

NAIVE = usual("naive", "naive", CELERY, 1_500)
CELERY_BATCHES = peer("celery-batches", CELERY, 5_000)
BULK = Design("track_many()", TRACK_MANY, WORKER, 120_000)
WITHOUT_CELERY = Design("without-celery", TRACK_MANY, WITHOUT, 120_000)
DESIGNS = (
    NAIVE,
    usual("naive-session", "naive", CELERY, 1_500, session=True),
    peer("pytt-events-api", CELERY, 1_000, takes="web"),
    peer("business-sdk", CELERY, 1_500, takes="web"),
    peer("huey", HUEY, 2_500),
    peer("dramatiq", DRAMATIQ, 2_500),
    peer("arq", ARQ, 2_500),
    peer("taskiq", TASKIQ, 4_000),
    CELERY_BATCHES,
    Design("track()", TRACK, WORKER, 30_000),
    BULK,
    WITHOUT_CELERY,
)
BY_KEY = {design.key: design for design in DESIGNS}
