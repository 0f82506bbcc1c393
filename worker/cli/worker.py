"""`tiktok-events worker`."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Final

import click
from celery.signals import worker_shutdown

from worker.app import create_app
from worker.first_aid import make_room
from worker.settings import Settings, unknown_variables
from worker.telemetry import configure_logging

HELP: Final = """Start a worker; run as many as you like, on as many machines as you like.

\b
Examples:
  tiktok-events worker
  tiktok-events worker --concurrency 4
  TIKTOK_EVENTS_REDIS_URL=redis://redis:6379/0 tiktok-events worker

SIGTERM ends it: it claims no more, settles what is under way and hands the rest back.
A second SIGTERM ends it at once; what was under way is delivered by another worker
when its lease ends.
"""


@click.command(help=HELP)
@click.option(
    "--concurrency",
    type=click.IntRange(1, 256),
    default=lambda: os.cpu_count() or 1,
    show_default="one per core",
    help="Worker processes.",
)
@click.option(
    "--pool",
    type=click.Choice(["prefork", "solo", "threads"]),
    default="prefork",
    show_default=True,
    help="How they are kept; solo is one process that also does the work.",
)
@click.option("--name", help="Node name, host part included; made up when absent.")
def worker(concurrency: int, pool: str, name: str | None) -> None:
    """Start a worker."""
    for sentence in unknown_variables(os.environ):
        click.echo(f"Warning: {sentence}", err=True)
    settings = Settings.load()
    configure_logging(settings)
    make_room(settings)
    app = create_app(settings)
    with exit_code_of_worker() as code:
        app.worker_main(worker_arguments(concurrency, pool, name or unique_name()))
    sys.exit(code())


@contextmanager
def exit_code_of_worker() -> Iterator[Callable[[], int]]:
    """Celery's own way loses it: a worker that ended in an error would look like one that was told.

    A supervisor that restarts what has failed needs to know.
    """
    codes: list[int] = []

    def note(sender: Any, **_: Any) -> None:
        codes.append(sender.exitcode or 0)

    worker_shutdown.connect(note)
    try:
        yield lambda: max(codes, default=1)
    finally:
        worker_shutdown.disconnect(note)


def unique_name() -> str:
    """Several workers on one host must not share a node name."""
    return f"tiktok-events-{os.getpid()}@%h"


def worker_arguments(concurrency: int, pool: str, name: str) -> list[str]:
    """Celery's command line."""
    return [
        "--quiet",
        "worker",
        f"--concurrency={concurrency}",
        f"--pool={pool}",
        f"--hostname={name}",
        "--without-gossip",  # fewer messages, faster start; nobody elects anything
        "--without-mingle",
        "--loglevel=INFO",
    ]
