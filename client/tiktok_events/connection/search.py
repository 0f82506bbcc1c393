"""Asks those who may know, one after another, for the primary or the leaders of a cluster."""

from __future__ import annotations

from typing import Any, Final

from redis import Redis
from redis.backoff import NoBackoff
from redis.exceptions import RedisError
from redis.retry import Retry

from tiktok_events.connection.discovery import Discovery
from tiktok_events.connection.discovery_address import Node

FIND_SHARE: Final = 1 / 2
"""The share of the time for making a connection that finding the primary may take."""


def time_limits(how: dict[str, Any]) -> tuple[float, dict[str, Any]]:
    """Return the seconds for finding the primary, and arguments with the rest for connecting."""
    whole_s = how["socket_connect_timeout"]
    return whole_s * FIND_SHARE, how | {"socket_connect_timeout": whole_s * (1 - FIND_SHARE)}


def find(discovery: Discovery) -> Node:
    """Ask for the primary.

    Raises:
        PrimaryUnknown: nobody said it in time.
    """
    how = {**discovery.asking(), "retry": Retry(NoBackoff(), 0)}
    problems = []
    for number, node in enumerate(discovery.nodes):
        try:
            with Redis(*node, **how) as redis:
                return discovery.found(_named(discovery, redis, node), number)
        except RedisError as error:
            problems.append(f"{node[0]}:{node[1]}: {error}")
    raise discovery.unknown(problems)


def _named(discovery: Discovery, redis: Any, node: Node) -> Node:
    if discovery.address.service is None:
        return discovery.owner(redis.execute_command("CLUSTER", "SLOTS"), node)
    return discovery.master(redis.sentinel_masters())
