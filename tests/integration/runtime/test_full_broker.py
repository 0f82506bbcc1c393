"""A message that is taken from a full broker is noted as held, and comes back."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from kombu import Connection, Queue
from redis import Redis

from worker.local.embedded import EmbeddedServer
from worker.runtime.full_broker import outlive_full_broker

PREFIX = "prefix:"
HELD = PREFIX + "unacked"


@pytest.fixture
def redis() -> Iterator[Redis]:
    """A server of its own."""
    with EmbeddedServer() as server, Redis.from_url(server.url, protocol=2) as client:
        yield client


@pytest.fixture
def queue(redis: Redis) -> Iterator[Any]:
    """A queue with one message, on a server that has become full since."""
    outlive_full_broker()
    port = redis.get_connection_kwargs()["port"]
    options = {"global_keyprefix": PREFIX, "visibility_timeout": 0}
    with (
        Connection(f"redis://127.0.0.1:{port}/0", transport_options=options) as connection,
        connection.channel() as channel,
        connection.Producer(channel) as producer,
    ):
        bound = Queue("queue")(channel)
        bound.declare()
        producer.publish({"number": 1}, routing_key="queue")
        redis.config_set("maxmemory", 1)
        yield bound
        redis.config_set("maxmemory", 0)  # what is held goes back when the channel is closed


def test_a_message_of_a_full_broker_is_held(queue: Any, redis: Redis) -> None:
    """Taken from its list, it stands where the visibility timeout finds it."""
    message = queue.get()
    assert message.payload == {"number": 1}
    assert redis.hkeys(HELD) == [message.delivery_tag.encode()]
    assert redis.zcard(HELD + "_index") == 1


def test_what_cannot_go_back_stays_held(queue: Any, redis: Redis) -> None:
    """It raises nothing, and goes back when there is room."""
    queue.get().requeue()
    queue.channel.qos.restore_visible(interval=1)
    assert (redis.hlen(HELD), redis.llen(PREFIX + "queue")) == (1, 0)
    redis.config_set("maxmemory", 0)
    queue.channel.qos.restore_visible(interval=1)
    assert redis.hlen(HELD) == 0
    assert queue.get().payload == {"number": 1}


def test_an_acknowledged_message_is_gone(queue: Any, redis: Redis) -> None:
    """For that a server needs no memory."""
    queue.get().ack()
    assert redis.exists(HELD, HELD + "_index", PREFIX + "queue") == 0
