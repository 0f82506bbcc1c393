"""The exit code of a worker, which tells its supervisor whether to start another."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import orjson
import pytest
from click.testing import CliRunner

from worker.cli import main

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


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("API_URL", "http://api.example"),
        ("API_URL", "https://jo:hunter2@api.example"),
        ("REDIS_URL", "rediss://h?ssl_ca_certs=/does/not/exist"),
        ("DESTINATIONS_FILE", "broken.toml"),
        ("DESTINATIONS_FILE", "writable.toml"),
    ],
)
def test_a_worker_refuses_what_doctor_refuses(
    name: str, value: str, redis_url: str, tmp_path: Path
) -> None:
    """With the same sentence, and before anything begins."""
    (tmp_path / "broken.toml").write_text("token = secret")
    (tmp_path / "writable.toml").write_text("")
    (tmp_path / "writable.toml").chmod(0o666)
    value = str(tmp_path / value) if value.endswith(".toml") else value
    environment = {"TIKTOK_EVENTS_REDIS_URL": redis_url, f"TIKTOK_EVENTS_{name}": value}
    told = CliRunner(env=environment).invoke(main, ["doctor", "--json"])
    failed = [one for one in map(orjson.loads, told.stdout.splitlines()) if one["remedy"]]
    refused = CliRunner(env=environment).invoke(main, ["worker"])
    sentence = next(one["message"] for one in failed if one["outcome"] == "failed")
    assert (told.exit_code, refused.exit_code) == (1, 1)
    assert refused.stderr.strip().endswith(sentence)
    assert "hunter2" not in refused.stderr
