"""Celery's own commands work where remote control is asked for, and say so where it is not."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.builders.wait import wait_until

ROOT = Path(__file__).parents[3]


def celery(
    redis_url: str, *words: str, remote_control: str = "1"
) -> subprocess.CompletedProcess[str]:
    """Run Celery's own program on our application."""
    return subprocess.run(
        [sys.executable, "-m", "celery", "-A", "worker.app", *words],
        cwd=ROOT,
        env={
            **os.environ,
            "TIKTOK_EVENTS_REDIS_URL": redis_url,
            "TIKTOK_EVENTS_REMOTE_CONTROL": remote_control,
        },
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_status_inspect_and_shutdown_work_where_asked_for(
    redis_url: str, start_worker: Callable[..., Any]
) -> None:
    """As with any Celery application; a worker that is shut down ends well."""
    worker = start_worker(REMOTE_CONTROL="1")
    wait_until(lambda: "worker_ready" in worker.log())
    assert "1 node online" in celery(redis_url, "status").stdout
    assert "pong" in celery(redis_url, "inspect", "ping").stdout
    assert "tiktok_events.deliver" in celery(redis_url, "inspect", "registered").stdout
    celery(redis_url, "control", "shutdown")
    assert worker.wait() == 0


@pytest.mark.parametrize("words", [("status",), ("inspect", "ping"), ("control", "shutdown")])
def test_where_it_is_off_a_command_says_so(words: tuple[str, ...], redis_url: str) -> None:
    """One sentence, with the setting; nothing is sent."""
    ended = celery(redis_url, *words, remote_control="0")
    assert ended.returncode == 1
    assert ended.stderr.startswith("Error: remote control is off")
    assert "TIKTOK_EVENTS_REMOTE_CONTROL=1" in ended.stderr
