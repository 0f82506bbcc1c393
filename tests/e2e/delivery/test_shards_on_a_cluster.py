"""Eight shards on three leaders: each event is delivered once; a lost leader stops only its own."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final

import pytest
from redis.crc import key_slot

from tests.builders.commands import objects, tiktok_events
from tests.builders.fake_api import FakeApi
from tests.builders.wait import wait_until
from tests.builders.workers import Worker
from tests.chaos.cluster import SLOTS, Cluster
from tests.e2e.delivery.test_shards import PIXELS, event
from tiktok_events import AsyncClient, Client
from tiktok_events.outbox.shards import Shards

SHARDS: Final = Shards(count=8)
EVENTS: Final = 6_000
VIEWS: Final = (("audit",), ("figures",), ("quality",), ("dead", "list"), ("destinations", "list"))


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """Three leaders without replicas."""
    with Cluster(tmp_path_factory.mktemp("cluster"), replica=False) as cluster:
        yield cluster


def leader_of(number: int, leaders: int = 3) -> int:
    """Which of the nodes leads the shard of an event."""
    keys = SHARDS.of(f"web:{PIXELS[number % len(PIXELS)]}")
    return int(key_slot(keys.ready.encode())) * leaders // SLOTS


def command(cluster: Cluster, *words: str, exit_code: int = 0) -> str:
    """What a command prints."""
    result = tiktok_events(*words, REDIS_URL=cluster.url, SHARDS="8", ACCESS_TOKEN="T")
    assert result.exit_code == exit_code, result.output
    return result.output


def status(cluster: Cluster) -> dict[str, Any]:
    """What the command says."""
    result = tiktok_events("status", "--json", REDIS_URL=cluster.url, SHARDS="8")
    assert result.exit_code == 0, result.output
    return objects(result)[0]


async def track_all(url: str, numbers: range) -> None:
    """Each event in a call of its own, all at once."""
    async with AsyncClient(url, shards=8) as client:
        await asyncio.gather(*(client.track(event(number)) for number in numbers))


def test_everything_is_delivered_once(
    cluster: Cluster, fake_api: FakeApi, start_worker: Callable[..., Worker]
) -> None:
    """Single calls, large ones, coroutines, delayed events; two processes take all shards."""
    start_worker(REDIS_URL=cluster.url, SHARDS="8", ACCESS_TOKEN="T")
    with Client(cluster.url, shards=8) as client:
        for first in range(0, EVENTS - 1_000, 1_000):
            client.track_many(map(event, range(first, first + 1_000)))
        asyncio.run(track_all(cluster.url, range(EVENTS - 1_000, EVENTS - 100)))
        for number in range(EVENTS - 100, EVENTS - 10):
            client.track(event(number))
        for number in range(EVENTS - 10, EVENTS):
            client.track(event(number), delay=0.5)
    wait_until(lambda: status(cluster)["delivered"] == EVENTS, 60)
    assert Counter(fake_api.accepted_ids()) == Counter(f"e{number}" for number in range(EVENTS))
    figures = status(cluster)
    assert (figures["unaccounted"], figures["waiting"], figures["delayed"]) == (0, 0, 0)


def test_a_lost_leader_stops_only_its_own_shards(
    cluster: Cluster, fake_api: FakeApi, start_worker: Callable[..., Worker], tmp_path: Path
) -> None:
    """Its events are spooled, all others delivered meanwhile; when it is back, the rest."""
    worker = start_worker(REDIS_URL=cluster.url, SHARDS="8", ACCESS_TOKEN="T", LEASE_S="20")
    mine = range(EVENTS, EVENTS + 600)
    others = {f"e{number}" for number in mine if leader_of(number) != 1}
    with Client(
        cluster.url, shards=8, on_failure="spool", spool_file=tmp_path / "spool", redis_timeout_s=1
    ) as client:
        client.track_many(map(event, mine[:300]))
        cluster.nodes[1].kill()
        client.track_many(map(event, mine[300:500]))
        for number in mine[500:]:
            client.track(event(number))
        wait_until(lambda: others <= set(fake_api.accepted_ids()), 30)
        assert "1, 5, 6" in wait_until(lambda: worker.lines("shards_lost"))[0]["message"]
        assert status(cluster)["lost_shards"]
        assert "does not answer" in command(cluster, "doctor", exit_code=1)
        for view in VIEWS:
            assert "what they hold is not seen here" in command(cluster, *view)
        cluster.nodes[1].restart()
        wait_until(lambda: all(status(cluster)["lost_shards"] == [] for _ in range(2)), 30)
        client.flush()
        wait_until(lambda: status(cluster)["waiting"] == 0, 60)
    assert set(fake_api.accepted_ids()) == {f"e{number}" for number in mine}
    assert status(cluster)["unaccounted"] == 0
