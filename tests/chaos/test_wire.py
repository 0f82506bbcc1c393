"""The wire of the chaos suite: what is cut is silent, what is mended has lost nothing."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from redis import Redis
from redis.backoff import NoBackoff
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import TimeoutError as RedisTimeoutError
from redis.retry import Retry

from tests.chaos.wire import Wire
from worker.local.embedded import EmbeddedServer

TIMEOUT_S = 0.2


@pytest.fixture
def wire(server: EmbeddedServer) -> Iterator[Wire]:
    """A wire to the server of the run."""
    with Wire(server.port) as one:
        yield one


@pytest.fixture
def far(wire: Wire, redis: Redis) -> Iterator[Redis]:
    """An empty database at the other end; no call is repeated."""
    with Redis.from_url(
        wire.url, protocol=2, socket_timeout=TIMEOUT_S, retry=Retry(NoBackoff(), 0)
    ) as client:
        yield client


def test_a_whole_wire_carries_both_directions(far: Redis) -> None:
    """Longer than one chunk, too."""
    far.set("key", "x" * 200_000)
    assert far.get("key") == b"x" * 200_000


def test_a_cut_wire_is_silent(wire: Wire, far: Redis) -> None:
    """No answer and no reset: on the connection that there is, and on a new one."""
    far.ping()
    wire.cut()
    for _ in range(2):
        with pytest.raises(RedisTimeoutError):
            far.ping()


def test_what_was_sent_into_a_cut_arrives_when_it_is_mended(
    wire: Wire, far: Redis, redis: Redis
) -> None:
    """Though whoever sent it has given up long ago."""
    far.ping()
    wire.cut()
    with pytest.raises(RedisTimeoutError):
        far.lpush("list", "late")
    assert redis.llen("list") == 0
    wire.mend()
    assert redis.blpop(["list"], timeout=10) == (b"list", b"late")


def test_a_server_that_is_down_closes_the_connection() -> None:
    """The wire is whole, so it is told."""
    with EmbeddedServer() as server, Wire(server.port) as wire:
        server.kill()
        with (
            Redis.from_url(wire.url, retry=Retry(NoBackoff(), 0)) as client,
            pytest.raises(RedisConnectionError),
        ):
            client.ping()
