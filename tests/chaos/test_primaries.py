"""Clients and workers follow the lead, behind Sentinel and in a cluster, and the doctor knows."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable
from typing import Any

import pytest
from redis import Redis

from tests.builders.commands import objects, tiktok_events
from tests.builders.stores import keys
from tests.chaos.cluster import Cluster
from tests.chaos.node import ask, wait_until
from tests.chaos.sentinels import SERVICE, Sentinels
from tiktok_events import AsyncClient, Client
from tiktok_events.connection.discovery import Discovery
from tiktok_events.connection.discovery_address import DiscoveryAddress
from tiktok_events.connection.search import find
from tiktok_events.errors import OutboxUnavailable
from worker.local.loopback import HOST
from worker.runtime.engine import connect
from worker.settings import Settings

EVENT: dict[str, Any] = {"event": "Purchase", "page": {"url": "https://shop.example/thanks"}}
LARGE = {**EVENT, "properties": {"description": "d" * 400_000}}

Servers = Sentinels | Cluster
Change = Callable[[Servers], None]


@pytest.fixture(params=["sentinels", "cluster"])
def servers(request: pytest.FixtureRequest) -> Servers:
    """Each of them, empty."""
    found: Servers = request.getfixturevalue(request.param)
    ask(found.primary, "FLUSHALL")
    return found


def accepted(servers: Servers) -> int:
    """How many events the primary has counted."""
    return int(ask(servers.primary, "HGET", keys.counters, "accepted"))


def change_the_lead(servers: Servers) -> None:
    """A planned failover; returns when the one that gave way is in step again."""
    servers.hand_over()
    wait_until(servers.in_step)


def test_a_client_follows_the_lead(servers: Servers) -> None:
    """The caller notices nothing, though its connection leads to the old primary."""
    with Client(servers.url, event_source_id="C0PIXEL", max_event_bytes=500_000) as client:
        client.track(EVENT)
        change_the_lead(servers)
        client.track_many([LARGE] * 20)
    assert accepted(servers) == 21


def test_an_async_client_follows_the_lead(servers: Servers) -> None:
    """It does the same; in a transaction, too."""

    async def tracked() -> None:
        async with AsyncClient(
            servers.url, event_source_id="C0PIXEL", max_event_bytes=500_000
        ) as client:
            await client.track(EVENT)
            await asyncio.to_thread(change_the_lead, servers)
            await client.track_many([LARGE] * 20)

    asyncio.run(tracked())
    assert accepted(servers) == 21


def test_a_worker_follows_the_lead(servers: Servers) -> None:
    """Its connections do the same, pipelines too."""
    with connect(Settings(redis_url=servers.url)) as store:
        redis = store.redis
        redis.hset(keys.counters, "accepted", 1)
        change_the_lead(servers)
        with redis.pipeline() as pipeline:
            pipeline.hincrby(keys.counters, "accepted", 1)
            pipeline.execute()
    assert accepted(servers) == 2


def test_a_slot_can_be_moved(cluster: Cluster) -> None:
    """The outbox goes with it, there and back."""
    home, other = cluster.primary, cluster.others[0]
    ask(home, "FLUSHALL")
    with Client(cluster.url, event_source_id="C0PIXEL") as client:
        for target in (other, home):
            client.track(EVENT)
            cluster.move_slot(target)
        client.track(EVENT)
    assert accepted(cluster) == 3


def test_a_dead_primary_is_succeeded(servers: Servers) -> None:
    """Whoever holds a connection to it makes another."""
    with Client(servers.url, event_source_id="C0PIXEL") as client:
        client.track(EVENT)
        wait_until(lambda: servers.in_step() and _replicated(servers))
        dead = servers.primary
        servers.kill_primary()
        client.track(EVENT)
        assert accepted(servers) == 2
    dead.restart()
    wait_until(servers.in_step)


def _replicated(servers: Servers) -> bool:
    return bool(ask(servers.primary, "WAIT", 1, 1_000))


def test_a_primary_that_does_not_know_is_left(
    sentinels: Sentinels, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What it still takes would be lost; by both clients."""
    monkeypatch.setattr("tiktok_events.connection.discovery.SURE_S", 0.0)

    async def tracked() -> None:
        async with AsyncClient(sentinels.url, event_source_id="C0PIXEL") as asynchronous:
            await asynchronous.track(EVENT)
            deposed = await asyncio.to_thread(sentinels.depose)
            client.track(EVENT)
            await asynchronous.track(EVENT)
            assert ask(deposed, "ROLE")[0] == "master"

    ask(sentinels.primary, "FLUSHALL")
    with Client(sentinels.url, event_source_id="C0PIXEL") as client:
        client.track(EVENT)
        asyncio.run(tracked())
    assert accepted(sentinels) == 4
    wait_until(sentinels.in_step)


def test_one_that_says_nothing_is_passed_over(sentinels: Sentinels) -> None:
    """A host that is gone answers nothing, and it may be the first."""
    with socket.create_server((HOST, 0)) as silent:
        port = silent.getsockname()[1]
        address = DiscoveryAddress.parse(sentinels.url.replace("://", f"://{HOST}:{port},"))
        assert address is not None
        found = find(Discovery(address, keys.ready, 2.0))
    assert found == (HOST, sentinels.primary.port)


def test_silence_of_all_ends_a_call() -> None:
    """Asking is within the time of the call, for both clients."""

    async def tracked(url: str) -> None:
        async with AsyncClient(url, event_source_id="C0PIXEL", redis_timeout_s=0.2) as client:
            await client.track(EVENT)

    with socket.create_server((HOST, 0)) as silent:
        url = f"redis+sentinel://{HOST}:{silent.getsockname()[1]}/{SERVICE}"
        client = Client(url, event_source_id="C0PIXEL", redis_timeout_s=0.2)
        with client, pytest.raises(OutboxUnavailable):
            client.track(EVENT)
        with pytest.raises(OutboxUnavailable):
            asyncio.run(tracked(url))


def doctor(**settings: str | None) -> dict[str, Any]:
    """What it finds: name of the check → the check."""
    checks = objects(tiktok_events("doctor", "--json", **settings))
    return {check["name"]: check for check in checks}


def test_the_doctor_tells_who_leads(servers: Servers) -> None:
    """And that somebody could take over."""
    found = doctor(REDIS_URL=servers.url)
    primary, replicas = found["primary"], found["replicas"]
    assert primary["message"].startswith(f"{HOST}:{servers.primary.port} is the primary of ")
    assert [primary["outcome"], replicas["outcome"], found["broker"]["outcome"]] == ["ok"] * 3


def test_the_doctor_asks_whether_sentinels_agree(sentinels: Sentinels) -> None:
    """They must be able to, or there will be no failover."""
    assert doctor(REDIS_URL=sentinels.url)["sentinels"]["outcome"] == "ok"
    for sentinel in sentinels.sentinels[1:]:
        sentinel.kill()
    down = f"SENTINEL CKQUORUM {SERVICE}".split()
    wait_until(lambda: _refuses(sentinels, down))
    assert doctor(REDIS_URL=sentinels.url)["sentinels"]["outcome"] == "warning"
    for sentinel in sentinels.sentinels[1:]:
        sentinel.restart()


def _refuses(sentinels: Sentinels, words: list[str]) -> bool:
    with Redis.from_url(sentinels.sentinels[0].url, protocol=2) as client:
        try:
            client.execute_command(*words)
        except Exception:  # noqa: BLE001 — because any refusal will do
            return True
        return False


def test_the_doctor_sees_that_one_server_is_a_replica(sentinels: Sentinels) -> None:
    """It answers, and takes nothing."""
    replica = next(one for one in sentinels.servers if one is not sentinels.primary)
    found = doctor(REDIS_URL=replica.url, BROKER_URL=sentinels.url)
    assert "it is a replica" in found["primary"]["message"]


def test_the_doctor_sees_a_node_that_has_not_got_the_outbox(cluster: Cluster) -> None:
    """In words, and with the form of the address that is meant."""
    found = doctor(REDIS_URL=cluster.others[0].url)["redis"]
    assert found["message"] == "this node of a cluster has not got the outbox, another has"
    assert "redis+cluster://" in found["remedy"]


def test_the_doctor_warns_of_one_node_alone(cluster: Cluster) -> None:
    """It has the outbox today."""
    found = doctor(REDIS_URL=cluster.primary.url)["primary"]
    assert found["outcome"] == "warning"


def test_the_doctor_sees_that_the_broker_is_on_a_cluster(cluster: Cluster) -> None:
    """Celery connects to it, and fails later."""
    found = doctor(REDIS_URL=cluster.primary.url, BROKER_URL=None)["broker"]
    assert found["message"] == "it is one node of a cluster, which cannot be the broker"


def test_the_doctor_says_that_nobody_knows() -> None:
    """Whom it asked, and what each said."""
    url = f"redis+sentinel://{HOST}:1,{HOST}:2/outbox?sentinel_password=hunter2"
    found = doctor(REDIS_URL=url)["redis"]
    assert found["message"].startswith(f"no Sentinel names the primary of outbox ({HOST}:1: ")
    assert "hunter2" not in found["message"]
