"""`tiktok-events worker`: run a worker with its settings checked."""

from __future__ import annotations

import os
import sys
from typing import Any, Final

import click
from celery import Celery
from celery.utils.nodenames import default_nodename, host_format

from worker.app import create_app
from worker.cli.failures import FAILED
from worker.delivery.destinations import Destinations
from worker.reporting.logging import configure_logging
from worker.runtime.first_aid import make_room
from worker.settings import Settings, unknown_variables

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
    Destinations(settings)  # it refuses what doctor refuses, before anything begins
    configure_logging(settings)
    make_room(settings)
    node = host_format(default_nodename(name or unique_name()))
    sys.exit(run(create_app(settings), concurrency=concurrency, pool=pool, hostname=node))


def unique_name() -> str:
    """Several workers on one host must not share a node name."""
    return f"tiktok-events-{os.getpid()}@%h"


def run(app: Celery, **options: Any) -> int:
    """Work until told to end; returns the exit code, which a supervisor needs to know.

    Celery's own command line would do the same, but loses that code, and loads a shell with
    completion and colours: a fifth of a start's CPU time and an eighth of its memory.
    """
    celery_worker: Any = app.Worker(
        **options,
        loglevel="INFO",
        quiet=True,
        # Fewer messages, faster start: nobody elects anything, or watches us by events.
        without_gossip=True,
        without_mingle=True,
        without_heartbeat=True,
    )
    celery_worker.start()
    return FAILED if celery_worker.exitcode is None else celery_worker.exitcode
