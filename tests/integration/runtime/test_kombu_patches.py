"""kombu still needs what is patched, and is healed by it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from kombu import Connection, Queue
from kombu.transport.redis import Channel, SentinelChannel
from redis import Redis
from redis.exceptions import OutOfMemoryError
from redis.sentinel import SentinelManagedConnection

from tests.builders.stores import broker_keys
from tiktok_events.connection.primary import LedConnection
from tiktok_events.outbox.broker_keys import DOORBELL_QUEUE
from worker.local.embedded import EmbeddedServer
from worker.runtime.bells import written
from worker.runtime.kombu_patches import BellChannel, patch_kombu
from worker.runtime.task_table import DELIVER, REPLAY

JUNK = [b"", b"no JSON", b"null", b"7", b"[]", b"{}", b'{"body": "", "headers": {}}', b"\xff" * 9]


@contextmanager
def consuming(url: str, kind: type[Channel]) -> Iterator[tuple[Any, list[Any]]]:
    """A connection whose channels are of this kind, and what it has received."""
    options = {"global_keyprefix": broker_keys.prefix}
    received: list[Any] = []
    with Connection(url, transport_options=options) as connection:
        transport: Any = connection.transport
        transport.Channel = kind
        with connection.channel() as channel:
            assert type(channel) is kind
            queue = Queue(DOORBELL_QUEUE)(channel)
            with connection.Consumer([queue], callbacks=[lambda _, m: received.append(m)]):
                yield connection, received


@pytest.fixture
def consume(redis_url: str) -> Callable[[type[Channel]], Any]:
    """`consume(kind)`."""
    return lambda kind: consuming(redis_url, kind)


@pytest.mark.parametrize("junk", JUNK)
def test_kombu_raises_on_junk(junk: bytes, redis: Redis, consume: Any) -> None:
    """What raises here ends a worker; if it no longer does, `BellRedis` may go."""
    redis.lpush(broker_keys.doorbell, junk)
    with consume(Channel) as (connection, _):
        with pytest.raises((ValueError, TypeError, KeyError, AttributeError)):
            connection.drain_events(timeout=5)
        redis.delete(broker_keys.doorbell)


@pytest.mark.parametrize("junk", JUNK)
def test_junk_among_bells_is_handed_over(junk: bytes, redis: Redis, consume: Any) -> None:
    """To where events are read; and the bell behind it is heard."""
    redis.lpush(broker_keys.doorbell, junk, written(REPLAY, [7]))
    with consume(BellChannel) as (connection, received):
        while not received:
            connection.drain_events(timeout=5)
    [message] = received
    assert (message.headers["task"], message.payload) == (REPLAY.name, [[7], {}, {}])
    assert redis.lrange(broker_keys.prefix + broker_keys.queue, 0, -1) == [junk]


@pytest.fixture
def full() -> Iterator[tuple[str, Redis]]:
    """A server of its own at its memory limit, with a bell."""
    with EmbeddedServer() as server, Redis.from_url(server.url, protocol=2) as client:
        client.lpush(broker_keys.doorbell, written(DELIVER))
        with consuming(server.url, BellChannel):
            pass  # declares what is bound to the queue, which a full server refuses
        client.config_set("maxmemory", 1)
        yield server.url, client
        client.config_set("maxmemory", 0)


def test_kombu_loses_a_message_of_a_full_server(full: tuple[str, Redis]) -> None:
    """If it no longer does, `ForgetfulQoS` may go."""
    url, redis = full
    with Connection(url, transport_options={"global_keyprefix": broker_keys.prefix}) as connection:
        transport: Any = connection.transport
        transport.Channel = Channel
        queue = Queue(DOORBELL_QUEUE)(connection.channel())
        with pytest.raises(OutOfMemoryError):
            queue.get(accept=["json"])
        assert redis.exists(broker_keys.doorbell, broker_keys.prefix + "unacked") == 0


def test_a_bell_is_noted_nowhere(redis: Redis, consume: Any) -> None:
    """Neither while it is under way nor when its channel is closed."""
    redis.lpush(broker_keys.doorbell, written(DELIVER))
    with consume(BellChannel) as (connection, received):
        connection.drain_events(timeout=5)
        assert [message.headers["task"] for message in received] == [DELIVER.name]
        assert redis.keys("*unacked*") == []
        received[0].requeue()
    assert redis.exists(broker_keys.doorbell) == 0


def test_kombu_raises_on_a_connection_that_is_gone(redis: Redis, consume: Any) -> None:
    """As when Celery closes it twice; if it no longer does, `ForgetfulQoS` may go."""
    redis.lpush(broker_keys.doorbell, written(DELIVER))
    with consume(Channel) as (connection, received):
        connection.drain_events(timeout=5)
        qos = received[0].channel.qos
        qos.channel.__dict__.pop("_pool", None)
        client, qos.channel.connection.client = qos.channel.connection.client, None
        qos.channel._pool = None
        try:
            with pytest.raises(AttributeError):
                qos.restore_unacked()
        finally:
            qos.channel.connection.client = client


class Asked:
    """What a connection asks for the primary; it counts how often."""

    is_master = True
    check_connection = False
    service_name = "outbox"

    def __init__(self, port: int) -> None:
        self.times = 0
        self._address = ("127.0.0.1", port)

    def get_master_address(self) -> tuple[str, int]:
        """Always the same."""
        self.times += 1
        return self._address


@pytest.mark.parametrize(
    ("kind", "asks_again"), [(SentinelManagedConnection, 0), (LedConnection, 1)]
)
def test_a_connection_that_connects_again_asks_again(
    kind: type[SentinelManagedConnection], asks_again: int, server: EmbeddedServer
) -> None:
    """If redis-py's own does, `LedConnection` may go."""
    pool = Asked(server.port)
    connection: Any = kind(connection_pool=pool)
    connection.connect()
    asked = pool.times
    connection.disconnect()
    connection.send_command("PING")
    assert connection.read_response() == b"PONG"
    connection.disconnect()
    assert pool.times == asked + asks_again


def test_both_transports_get_our_channels() -> None:
    """By the attribute that kombu reads."""
    patch_kombu()
    with Connection("redis://") as plain, Connection("sentinel://") as led:
        transports: list[Any] = [type(plain.transport), type(led.transport)]
        channels = [transport.Channel for transport in transports]
    assert channels[0] is BellChannel
    assert issubclass(channels[1], SentinelChannel)
    assert channels[1].connection_class is LedConnection
