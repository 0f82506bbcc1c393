"""`tiktok-events worker`: run a worker with its settings checked."""

from __future__ import annotations

import os
import sys
from typing import Final

import click

from worker.runtime.starting import ended_by_signals

HELP: Final = """Start a worker; run as many as you like, on any machine.

\b
Examples:
  tiktok-events worker
  tiktok-events worker --concurrency 4
  TIKTOK_EVENTS_REDIS_URL=redis://redis:6379/0 tiktok-events worker

SIGTERM or Ctrl-C ends it: it claims no more, settles what is under way and hands the
rest back. The second one ends it at once; what was under way is delivered by another
worker when its lease ends.

Exit codes: 0 told to end, 1 refused to start or failed, 2 wrong usage, 70 it was stuck.
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
    help="Celery's pool; solo is a single process that also does the work.",
)
@click.option("--name", help="Node name, including the host part; made up if absent.")
def worker(concurrency: int, pool: str, name: str | None) -> None:
    """Start a worker."""
    with ended_by_signals():
        from worker.cli.working import (  # noqa: PLC0415 — because it may be told to end meanwhile
            work,
        )

        sys.exit(work(name, concurrency=concurrency, pool=pool))
