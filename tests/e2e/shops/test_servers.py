"""Shops report under the servers that people run: many visitors at once, none is lost."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Final

import httpx
import pytest
from celery import Celery
from redis import Redis

from tests.builders.environment import environment
from tests.builders.stores import keys
from tests.builders.wait import wait_until
from worker.local.loopback import HOST, free_port

HERE: Final = Path(__file__).parent
VISITORS: Final = 24
AT_ONCE: Final = 8

GUNICORN: Final = ("gunicorn", "--bind", "{host}:{port}", "--workers", "2", "served:wsgi")
UVICORN: Final = (
    "uvicorn",
    "--host",
    "{host}",
    "--port",
    "{port}",
    "--workers",
    "2",
    "served:asgi",
)
SERVERS: Final = {
    "gunicorn, prefork": (GUNICORN, ("",), 0),
    "gunicorn, preloaded": ((*GUNICORN, "--preload"), ("",), 1),
    "gunicorn, threads": ((*GUNICORN, "--threads", "4"), ("",), 0),
    "gunicorn, gevent": ((*GUNICORN, "--worker-class", "gevent"), ("",), 0),
    "uvicorn": (UVICORN, ("awaited", "threaded", "afterwards"), 0),
}

Start = Callable[..., Any]


@pytest.fixture
def start(redis_url: str, tmp_path: Path, process_type: Any) -> Iterator[Start]:
    """`start("gunicorn", …)`: a program of this environment, in this folder."""
    with ExitStack() as stack:

        def start_program(*command: str) -> Any:
            program, *arguments = command
            return stack.enter_context(
                process_type(
                    [sys.executable, "-m", program, *arguments],
                    tmp_path / "server.log",
                    cwd=HERE,
                    env=environment({"REDIS_URL": redis_url}) | {"PATH": os.environ["PATH"]},
                )
            )

        yield start_program


def accepted(redis: Redis) -> int:
    """How many events were."""
    return int(redis.hget(keys.counters, "accepted") or 0)


def answers(url: str) -> bool:
    """Whether a server is there."""
    try:
        return httpx.head(url).status_code > 0
    except httpx.TransportError:
        return False


@pytest.mark.parametrize("kind", SERVERS)
def test_each_visitor_is_reported_once(kind: str, redis: Redis, start: Start) -> None:
    """By processes that were forked, threads, greenlets and coroutines; before and after a fork."""
    command, paths, before = SERVERS[kind]
    port = free_port()
    process = start(*(part.format(host=HOST, port=port) for part in command))
    urls = [f"http://{HOST}:{port}/{path}" for path in paths] * VISITORS

    def is_open() -> bool:
        process.check()
        return answers(f"http://{HOST}:{port}/nothing-here")

    wait_until(is_open)
    opened = accepted(redis)
    with ThreadPoolExecutor(AT_ONCE) as visitors:
        texts = list(visitors.map(lambda url: httpx.get(url).text, urls))
    assert texts == ["enqueued"] * len(urls)
    wait_until(lambda: accepted(redis) >= opened + len(urls))
    assert accepted(redis) == opened + len(urls)
    assert opened >= before


def test_tasks_of_celery_report_too(redis: Redis, redis_url: str, start: Start) -> None:
    """In its forked pool, outside of any page."""
    options = ("--concurrency", "2", "--loglevel", "warning", "--without-mingle")
    worker = start("celery", "--app", "served:celery", "--broker", redis_url, "worker", *options)
    with Celery("shop", broker=redis_url, set_as_current=False) as shop:
        for _ in range(VISITORS):
            shop.send_task("shop.order", ignore_result=True)
    wait_until(lambda: (worker.check(), accepted(redis) == VISITORS)[1])
    worker.end(signal.SIGTERM)
