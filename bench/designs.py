"""The designs that are compared: how each is fed, worked off, and in which environment it runs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

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
        peer: whose environment it runs in, see ``environments.py``; empty for ours.
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
        """As ``--only`` takes it: nothing that a shell would read."""
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


def celery(module: str) -> str:
    """Return the command of a Celery worker for the tasks of a module."""
    return f"celery -A {module} worker --loglevel warning --concurrency {{n}}"


WORKER = "tiktok-events worker --concurrency {n}"

NAIVE = Design("naive", "naive:enqueue", celery("naive"), 1_500)
NAIVE_SESSION = Design("naive-session", "naive:enqueue", celery("naive"), 1_500, session=True)
PYTT = Design(
    "pytt-events-api",
    "pytt_worker:enqueue",
    celery("pytt_worker"),
    1_000,
    peer="pytt_events_api",
    takes="web",
)
BUSINESS_SDK = Design(
    "business-sdk",
    "business_sdk_worker:enqueue",
    celery("business_sdk_worker"),
    1_500,
    peer="business_sdk",
    takes="web",
)
HUEY = Design(
    "huey",
    "huey_worker:enqueue",
    "huey_consumer huey_worker.huey --workers {n} --worker-type process --quiet",
    2_500,
    peer="huey",
)
DRAMATIQ = Design(
    "dramatiq",
    "dramatiq_worker:enqueue",
    "dramatiq dramatiq_worker --processes {n}",
    2_500,
    peer="dramatiq",
)
ARQ = Design(
    "arq",
    "arq_worker:enqueue",
    "processes.py {n} arq arq_worker.WorkerSettings --custom-log-dict arq_worker.QUIET",
    2_500,
    peer="arq",
)
TASKIQ = Design(
    "taskiq",
    "taskiq_worker:enqueue",
    "taskiq worker taskiq_worker:broker --workers {n} --log-level WARNING",
    4_000,
    peer="taskiq",
)
CELERY_BATCHES = Design(
    "celery-batches",
    "celery_batches_worker:enqueue",
    celery("celery_batches_worker"),
    5_000,
    peer="celery_batches",
)
ONE_AT_A_TIME = Design("track()", "ours:track", WORKER, 30_000)
BULK = Design("track_many()", "ours:track_many", WORKER, 120_000)
WITHOUT_CELERY = Design(
    "without-celery", "ours:track_many", "processes.py {n} without_celery.py", 120_000
)
DESIGNS = (
    NAIVE,
    NAIVE_SESSION,
    PYTT,
    BUSINESS_SDK,
    HUEY,
    DRAMATIQ,
    ARQ,
    TASKIQ,
    CELERY_BATCHES,
    ONE_AT_A_TIME,
    BULK,
    WITHOUT_CELERY,
)
BY_KEY = {design.key: design for design in DESIGNS}
