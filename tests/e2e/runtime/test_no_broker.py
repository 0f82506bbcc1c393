"""Delivering needs no broker: one that is away, hangs or was never given holds nothing up."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final

import pytest

from tests.builders.byte_server import ByteServer
from tests.builders.events import purchase
from tests.builders.nowhere import nowhere
from tests.builders.producer import Producer
from tests.builders.wait import wait_until
from tests.builders.workers import Worker
from tests.chaos.cluster import Cluster
from tiktok_events import Client
from worker.local.embedded import EmbeddedServer

WITHIN_S: Final = 2.0
PIXEL: Final = "C0BROKER0PIXEL000000"


class Mute(ByteServer):
    """A proxy whose server is gone: it takes everything and says nothing."""

    def serve(self, connection: socket.socket) -> None:
        """Read to the end."""
        with connection, contextlib.suppress(OSError):
            while connection.recv(65_536):
                pass


@pytest.fixture
def broker(monkeypatch: pytest.MonkeyPatch) -> Iterator[EmbeddedServer]:
    """A server of its own, so that producers ring nobody."""
    with EmbeddedServer() as server:
        monkeypatch.setenv("TIKTOK_EVENTS_BROKER_URL", server.url)
        yield server


@pytest.fixture
def mute_url(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A broker that hangs."""
    server = Mute()
    url = f"redis://127.0.0.1:{server.port}/0"
    monkeypatch.setenv("TIKTOK_EVENTS_BROKER_URL", url)
    yield url
    server.stop()


def typical_wait_s(client: Client, fake_api: Any, name: str) -> float:
    """From the call of `track` to the request, for the second slowest of four events."""
    waits = []
    for number in range(4):
        event_id, began = f"{name}-{number}", time.monotonic()
        client.track(purchase(event_id, PIXEL))
        wait_until(lambda event_id=event_id: event_id in fake_api.accepted_ids())
        waits.append(time.monotonic() - began)
    return sorted(waits)[2]


def children_of(worker: Worker) -> set[int]:
    """The processes of its pool."""
    return set(map(int, Path(f"/proc/{worker.pid}/task/{worker.pid}/children").read_text().split()))


def test_a_broker_that_is_lost_under_load_holds_nothing_up(
    broker: EmbeddedServer, redis_url: str, fake_api: Any, start_worker: Callable[..., Worker]
) -> None:
    """No event is lost, a killed child is replaced, SIGTERM ends the worker, a new one starts."""
    worker = start_worker(BROKER_URL=broker.url)
    with Producer(redis_url, lambda n: purchase(f"ord-{n}", PIXEL), pause_s=0.01, bulk=5) as shop:
        wait_until(lambda: worker.lines("worker_ready") and len(fake_api.accepted()) > 3)
        broker.kill()
        [said] = wait_until(lambda: worker.lines("broker_unavailable"))
        assert said["message"].startswith("the broker at ")
        victim, survivor = sorted(children_of(worker))
        os.kill(victim, signal.SIGKILL)
        wait_until(lambda: len(children_of(worker) - {victim, survivor}) == 1)
        seen = len(fake_api.accepted())
        wait_until(lambda: len(fake_api.accepted()) > seen + 3)
        assert worker.terminate(within_s=10) == 0
        heir = start_worker(BROKER_URL=broker.url, LEASE_S="8", REQUEST_TIMEOUT_S="2")
        wait_until(lambda: heir.lines("worker_ready"))
    wait_until(lambda: set(fake_api.accepted_ids()) >= set(shop.accepted), 40)
    broker.restart()
    wait_until(lambda: heir.lines("broker_is_back"))
    assert shop.refused == []
    assert heir.terminate(within_s=10) == 0


@pytest.mark.parametrize("concurrency", [1, 2])
def test_a_broker_that_hangs_at_the_boot_holds_nothing_up(
    mute_url: str,
    redis_url: str,
    tmp_path: Path,
    fake_api: Any,
    start_worker: Callable[..., Worker],
    concurrency: int,
) -> None:
    """A proxy takes the connection and says nothing; the heartbeat says that all is well."""
    heartbeat = tmp_path / "heartbeat"
    worker = start_worker(concurrency, BROKER_URL=mute_url, HEARTBEAT_FILE=str(heartbeat))
    with Client(redis_url) as client:
        wait_until(lambda: worker.lines("worker_ready"))
        assert typical_wait_s(client, fake_api, "mute") < WITHIN_S
    wait_until(lambda: time.time() - heartbeat.stat().st_mtime < WITHIN_S)
    assert worker.terminate(within_s=10) == 0


def test_a_broker_that_stops_answering_holds_nothing_up(
    broker: EmbeddedServer, redis_url: str, fake_api: Any, start_worker: Callable[..., Worker]
) -> None:
    """SIGSTOP: connections stay, and nothing comes of them."""
    worker = start_worker(BROKER_URL=broker.url)
    with Client(redis_url) as client:
        wait_until(lambda: worker.lines("worker_ready"))
        os.kill(broker.pid, signal.SIGSTOP)
        try:
            wait_until(lambda: worker.lines("broker_unavailable"))
            assert typical_wait_s(client, fake_api, "stopped") < WITHIN_S
            assert worker.terminate(within_s=10) == 0
        finally:
            os.kill(broker.pid, signal.SIGCONT)


@pytest.mark.parametrize("pool", ["solo", "threads"])
def test_every_pool_works_without_a_broker(
    pool: str,
    redis_url: str,
    fake_api: Any,
    monkeypatch: pytest.MonkeyPatch,
    start_worker: Callable[..., Worker],
) -> None:
    """Not only the one of processes."""
    monkeypatch.setenv("TIKTOK_EVENTS_BROKER_URL", url := nowhere())
    worker = start_worker(BROKER_URL=url, pool=pool)
    with Client(redis_url) as client:
        wait_until(lambda: worker.lines("worker_ready"))
        assert typical_wait_s(client, fake_api, pool) < WITHIN_S
    assert worker.terminate(within_s=10) == 0


def test_a_cluster_needs_no_broker(
    tmp_path: Path, fake_api: Any, start_worker: Callable[..., Worker]
) -> None:
    """Celery cannot use one, and none is given."""
    with Cluster(tmp_path / "cluster", primaries=1, replica=False) as cluster:
        worker = start_worker(REDIS_URL=cluster.url)
        with Client(cluster.url) as client:
            wait_until(lambda: worker.lines("worker_ready"))
            assert typical_wait_s(client, fake_api, "cluster") < WITHIN_S
        assert worker.terminate(within_s=10) == 0
