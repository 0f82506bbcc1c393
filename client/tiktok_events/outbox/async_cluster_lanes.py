"""The ways of an event loop to the leaders of a cluster; as `cluster_lanes` has them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Hashable

from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import RedisError
from redis.exceptions import TimeoutError as RedisTimeoutError

from tiktok_events.connection.async_cluster import AsyncCluster
from tiktok_events.connection.discovery_address import Node
from tiktok_events.connection.leaders import slot_of
from tiktok_events.outbox.async_lane import AsyncLane
from tiktok_events.outbox.cluster_lanes import MOVING_S, is_moving, key_of
from tiktok_events.outbox.commit import Commit
from tiktok_events.outbox.shards import Shards


class AsyncClusterLanes:
    """A lane for each leader, as `ClusterLanes` has them; for one event loop."""

    def __init__(
        self, cluster: AsyncCluster, shards: Shards, make: Callable[[Node], AsyncLane]
    ) -> None:
        self._cluster = cluster
        self._shards = shards
        self._make = make
        self._lanes: dict[Node, AsyncLane] = {}

    async def run(self, commit: Commit, now: float) -> None:
        """Have a call carried, or say why not; `now` is of the loop's clock."""
        lane = await self._lane(commit)
        if lane is None:
            return
        await lane.run(commit, now)
        together, commit.company = commit.together, ()
        for one in together:
            if one.error is not None:
                await self._follow(one, lane)

    async def _follow(self, commit: Commit, lane: AsyncLane) -> None:
        """Have a call carried by whoever leads its shard now."""
        while commit.error is not None and self._is_to_follow(commit):
            before, found = lane, await self._lane(commit)
            if found is None:
                return
            lane = found
            if lane is before:
                if not is_moving(commit, asyncio.get_running_loop().time()):
                    return
                await asyncio.sleep(MOVING_S)
            commit.begin_anew()
            await lane.run(commit, asyncio.get_running_loop().time())

    def place(self, commit: Commit) -> Hashable:
        """Where a call goes."""
        try:
            return self._cluster.leaders.of(slot_of(key_of(commit, self._shards)))
        except RedisError:
            return None

    def let_pass(self) -> None:
        """Have the next calls tried, even if a leader was away moments ago."""
        for lane in list(self._lanes.values()):
            lane.let_pass()

    async def close(self) -> None:
        """Close the connections; the next calls make them anew."""
        for lane in list(self._lanes.values()):
            await lane.close()

    async def _lane(self, commit: Commit) -> AsyncLane | None:
        """The lane of a call's shard; without one, the call has failed."""
        try:
            node = await self._cluster.leader(key_of(commit, self._shards))
        except RedisError as error:
            for one in commit.together:
                one.fail(error, in_doubt=False)
            return None
        if node not in self._lanes:
            self._lanes[node] = self._make(node)
        return self._lanes[node]

    def _is_to_follow(self, commit: Commit) -> bool:
        """Whether another leader may take a call that failed; who leads is asked anew."""
        if isinstance(commit.error, RedisConnectionError | RedisTimeoutError):
            self._cluster.leaders.doubt()
        return isinstance(commit.error, RedisConnectionError)
