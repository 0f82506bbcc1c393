"""The exit code of a worker, which tells its supervisor whether to start another."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

PROGRAM = """
import sys

from celery import bootsteps
from celery.exceptions import WorkerShutdown, WorkerTerminate

from worker.app import create_app
from worker.cli.worker import run
from worker.settings import Settings


class Ending(bootsteps.StartStopStep):
    def start(self, parent):
        raise {error}


app = create_app(Settings.load())
app.steps["worker"].add(Ending)
sys.exit(run(app, concurrency=1, pool="solo", hostname="shop@host"))
"""


@pytest.mark.parametrize(
    ("error", "code"),
    [("WorkerShutdown(0)", 0), ("RuntimeError()", 1), ("WorkerTerminate()", 1)],
    ids=["told to end", "a bug", "ended without a word"],
)
def test_only_a_worker_that_was_told_to_end_ends_well(
    error: str, code: int, redis_url: str
) -> None:
    """Any other is to be followed by a new one."""
    ended = subprocess.run(
        [sys.executable, "-c", PROGRAM.format(error=error)],
        env=os.environ | {"TIKTOK_EVENTS_REDIS_URL": redis_url},
        stderr=subprocess.PIPE,
        check=False,
        timeout=60,
    )
    assert ended.returncode == code, ended.stderr.decode()
