"""The ways of a process to the leaders of a cluster: each call goes to that of its shard."""

from __future__ import annotations

import time
from collections.abc import Callable, Hashable
from typing import Final

from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import RedisError
from redis.exceptions import TimeoutError as RedisTimeoutError

from tiktok_events.connection.cluster import Cluster
from tiktok_events.connection.discovery_address import Node
from tiktok_events.connection.role import PrimaryChanged
from tiktok_events.outbox.commit import Commit
from tiktok_events.outbox.lane import Lane
from tiktok_events.outbox.shards import Shards

MOVING_S: Final = 0.1
"""Between two tries while a slot is being moved, or its leader has just changed."""


class ClusterLanes:
    """A lane for each leader, made when it is first needed.

    A call follows its shard: at once if its connection was lost or refused and the cluster names
    another leader now, and again and again while a slot is being moved, until its time is up.
    As with one server, what was lost on its way may be twice then.

    Args:
        cluster: who leads.
        shards: where a call belongs.
        make: makes a lane to one leader.
    """

    def __init__(self, cluster: Cluster, shards: Shards, make: Callable[[Node], Lane]) -> None:
        self._cluster = cluster
        self._shards = shards
        self._make = make
        self._lanes: dict[Node, Lane] = {}

    def run(self, commit: Commit, now: float) -> None:
        """Have a call carried, or say why not; `now` is of the monotonic clock."""
        lane = self._lane(commit)
        if lane is None:
            return
        lane.run(commit, now)
        together, commit.company = commit.together, ()
        for one in together:
            if one.error is not None:
                self._follow(one, lane)

    def _follow(self, commit: Commit, lane: Lane) -> None:
        """Have a call carried by whoever leads its shard now."""
        while commit.error is not None and self._is_to_follow(commit):
            before, found = lane, self._lane(commit)
            if found is None:
                return
            lane = found
            if lane is before:
                if not is_moving(commit, time.monotonic()):
                    return
                time.sleep(MOVING_S)
            commit.begin_anew()
            lane.run(commit, time.monotonic())

    def place(self, commit: Commit) -> Hashable:
        """Where a call goes."""
        try:
            return self._cluster.leader(key_of(commit, self._shards))
        except RedisError:
            return None

    def let_pass(self) -> None:
        """Have the next calls tried, even if a leader was away moments ago."""
        for lane in list(self._lanes.values()):
            lane.let_pass()

    def close(self) -> None:
        """Close the connections; the next calls make them anew."""
        for lane in list(self._lanes.values()):
            lane.close()

    def _lane(self, commit: Commit) -> Lane | None:
        """The lane of a call's shard; without one, the call has failed."""
        try:
            node = self._cluster.leader(key_of(commit, self._shards))
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


def key_of(commit: Commit, shards: Shards) -> str:
    """A key of the shard that a call is for."""
    return (commit.keys or shards.of(commit.destination)).ready


def is_moving(commit: Commit, now: float) -> bool:
    """Whether it is worth asking the same leader again: its slot is being moved."""
    error = commit.error
    return isinstance(error, PrimaryChanged) and error.moves and now + MOVING_S < commit.end
