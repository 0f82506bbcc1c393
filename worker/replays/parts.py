"""The parts of replays in the shards; the order is in the first shard.

A step moves letters within a shard and counts them there, in the shard's hash `replay:<number>`.
Only the order is leased, paused and ended. So the lease is renewed before a step in another shard,
and a step is refused once its part has lost the fence.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Final, cast

from tiktok_events.outbox.keys import Keys
from tiktok_events.outbox.lua_script import LuaScript
from tiktok_events.outbox.store import Store
from worker.replays.state import SKIPPED
from worker.reporting.stored import text_of, whole_of

_COUNTS: Final = frozenset({"replayed", "delivered", "erased", *SKIPPED.values()})
_DIED: Final = "died:"


class ReplayParts:
    """What all shards store about replays.

    Args:
        store: the outbox.

    Attributes:
        home: the keys of the shard in which replays are ordered.
    """

    def __init__(self, store: Store) -> None:
        self.home, *self._others = store.shards
        self._redis = store.redis
        self._open = LuaScript(store.redis, "worker", "lib/unblocked", "replay_open")

    def open(self, number: int, fence: int) -> None:
        """Let only the holder with this fence move letters, in any shard."""
        self._tell(number, fence)

    def stop(self, number: int) -> None:
        """Refuse all steps outside of the home shard that are still under way."""
        self._tell(number, "")

    def fields(self, number: int) -> dict[bytes, bytes]:
        """Return the order's hash, with what all shards have counted; empty if there is none."""
        order, *others = self._hashes([keys.replay(number) for keys in self._all])
        for name, count in _sums(others).items():
            here = whole_of(order.get(name, b"0"))
            if order and here is not None:  # else nobody can read it
                order[name] = b"%d" % (here + count)
        return order

    def counts(self, number: int) -> dict[str, int]:
        """Return what the shards other than the home have counted."""
        sums = _sums(self._hashes([keys.replay(number) for keys in self._others]))
        return {text_of(name): count for name, count in sums.items()}

    def places(self, number: int) -> dict[str, str]:
        """Return how far the lane of each destination is."""
        found = self._hashes([keys.replay_places(number) for keys in self._all])
        return {text_of(name): text_of(text) for one in found for name, text in one.items()}

    def letters(self, number: int) -> dict[str, bytes]:
        """Return what became of the listed letters, by id."""
        found = self._hashes([keys.replay_letters(number) for keys in self._all])
        return {text_of(name): stored for one in found for name, stored in one.items()}

    def end(self, number: int) -> None:
        """Forget what only a running replay needs outside of the home."""
        self._delete(keys.replay_places(number) for keys in self._others)

    def forget(self, numbers: Iterable[int]) -> None:
        """Forget replays outside of the home."""
        known = list(numbers)
        self._delete(key for keys in self._others for key in keys.of_replays(known))

    @property
    def _all(self) -> list[Keys]:
        return [self.home, *self._others]

    def _tell(self, number: int, fence: int | str) -> None:
        if self._others:
            self._open.many([([keys.ready, keys.replay(number)], [fence]) for keys in self._others])

    def _hashes(self, names: Iterable[str]) -> list[dict[bytes, bytes]]:
        with self._redis.pipeline(transaction=False) as pipeline:
            for name in names:
                pipeline.hgetall(name)
            return cast("list[dict[bytes, bytes]]", pipeline.execute())

    def _delete(self, names: Iterable[str]) -> None:
        with self._redis.pipeline(transaction=False) as pipeline:
            for name in names:
                pipeline.delete(name)
            pipeline.execute()


def _sums(parts: Iterable[Mapping[bytes, bytes]]) -> Counter[bytes]:
    """Return the sums of several parts; what is no count is ignored."""
    sums: Counter[bytes] = Counter()
    for part in parts:
        for name, value in part.items():
            if _is_count(text_of(name)):
                sums[name] += whole_of(value) or 0
    return sums


def _is_count(name: str) -> bool:
    return name in _COUNTS or name.startswith(_DIED)
