"""Whether the server that was found is the primary, and whether others could take over."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from redis import Redis
from redis.exceptions import ResponseError

from tiktok_events.connection.discovery import Discovery
from tiktok_events.connection.discovery_address import DiscoveryAddress
from tiktok_events.connection.search import find
from tiktok_events.outbox.keys import Keys
from worker.runtime.check import Check, Outcome

ASK_S: Final = 2.0

NAME: Final = "primary"
_AS_CLUSTER: Final = (
    "Set TIKTOK_EVENTS_REDIS_URL to redis+cluster://host:port,host:port with several nodes, "
    "and TIKTOK_EVENTS_BROKER_URL to another server, or leave it out."
)


def on_a_cluster(name: str) -> Check:
    """Return that Celery's broker is a node of a cluster, and so its keys are in many slots."""
    message = "it is one node of a cluster, which cannot be the broker"
    return Check(name, Outcome.FAILED, message, _AS_CLUSTER)


def primary(url: str, keys: Keys, info: Mapping[str, Any]) -> Iterator[Check]:
    """Yield checks of the server's place among others; none when it stands alone.

    Args:
        url: of the outbox.
        keys: of the outbox.
        info: what the server says of itself.

    Raises:
        redis.RedisError: it does not answer.
    """
    address = DiscoveryAddress.parse(url)
    if address is None:
        yield from _one_server(info)
        return
    discovery = Discovery(address, keys.ready, ASK_S)
    host, port = find(discovery)
    yield Check(NAME, Outcome.OK, f"{host}:{port} is the primary of {discovery.place}")
    yield heirs(info)
    if address.service is not None:
        yield quorum(discovery, address.service)


def _one_server(info: Mapping[str, Any]) -> Iterator[Check]:
    if info.get("role") == "slave":
        remedy = "Let TIKTOK_EVENTS_REDIS_URL lead to the server that it replicates."
        yield Check(NAME, Outcome.FAILED, "it is a replica, which takes no events", remedy)
    elif info.get("cluster_enabled"):
        message = "it is one node of a cluster: when another has the outbox, nobody finds it"
        yield Check(NAME, Outcome.WARNING, message, _AS_CLUSTER)


def heirs(info: Mapping[str, Any]) -> Check:
    """Check whether another could take over; `info` is what the primary says of itself."""
    name, replicas = "replicas", info.get("connected_slaves", 0)
    if replicas:
        return Check(name, Outcome.OK, f"{replicas} would take over")
    message, remedy = "none: when the primary ends, nobody takes over", "Give it a replica."
    return Check(name, Outcome.WARNING, message, remedy)


def quorum(discovery: Discovery, service: str) -> Check:
    """Whether the Sentinels could agree on a failover."""
    name, remedy = "sentinels", "Start those that are down: more than half of them must agree."
    try:
        with Redis(*discovery.nodes[0], **discovery.asking()) as sentinel:
            sentinel.execute_command("SENTINEL", "CKQUORUM", service)
    except ResponseError as error:
        if "NOQUORUM" not in str(error):
            raise
        message = "too few live to agree on a failover"
        return Check(name, Outcome.WARNING, message, remedy)
    return Check(name, Outcome.OK, "enough live to agree on a failover")
