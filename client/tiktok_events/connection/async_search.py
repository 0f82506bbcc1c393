"""Asks for the primary, or for the leaders of a cluster; as `search` does, and with its words."""

from __future__ import annotations

from typing import Any

from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

from tiktok_events.connection.discovery import Discovery
from tiktok_events.connection.discovery_address import Node


async def find(discovery: Discovery) -> Node:
    """Ask for the primary, as `primary.find` does.

    Raises:
        PrimaryUnknown: nobody said it in time.
    """
    how = {**discovery.asking(), "retry": Retry(NoBackoff(), 0)}
    problems = []
    for number, node in enumerate(discovery.nodes):
        try:
            async with Redis(host=node[0], port=node[1], **how) as redis:
                return discovery.found(await _named(discovery, redis, node), number)
        except RedisError as error:
            problems.append(f"{node[0]}:{node[1]}: {error}")
    raise discovery.unknown(problems)


async def _named(discovery: Discovery, redis: Any, node: Node) -> Node:
    if discovery.address.service is None:
        return discovery.owner(await redis.execute_command("CLUSTER", "SLOTS"), node)
    return discovery.master(await redis.sentinel_masters())
