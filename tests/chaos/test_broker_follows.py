"""Celery's transport follows the lead as well."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from kombu import Connection, Queue

from tests.chaos.node import ask, wait_until
from tests.chaos.sentinels import Sentinels
from worker.runtime.broker import kombu_options, kombu_url
from worker.runtime.kombu_patches import patch_kombu

QUEUE = "queue"


@pytest.fixture
def channel(sentinels: Sentinels) -> Iterator[Any]:
    """One that is connected to the primary, and has received a message."""
    patch_kombu()
    ask(sentinels.primary, "FLUSHALL")
    url = sentinels.url
    with (
        Connection(kombu_url(url), transport_options=kombu_options(url)) as connection,
        connection.channel() as channel,
        connection.Producer(channel) as producer,
    ):
        bound = Queue(QUEUE)(channel)
        bound.declare()
        producer.publish({"number": 1}, routing_key=QUEUE)
        assert bound.get() is not None
        yield channel


def change_the_lead(sentinels: Sentinels) -> None:
    """A planned failover."""
    sentinels.hand_over()
    wait_until(sentinels.in_step)


def test_a_connection_that_connects_again_asks_again(sentinels: Sentinels, channel: Any) -> None:
    """Redis-py alone goes back to the old primary: Celery tries for ever, and heeds no SIGTERM."""
    connection = channel.pool.get_connection()
    change_the_lead(sentinels)
    connection.disconnect()
    connection.send_command("SET", "key", "value")
    assert connection.read_response() == b"OK"
    channel.pool.release(connection)
