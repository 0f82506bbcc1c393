"""The limit of an access token whose destinations are in several shards.

A script sees one shard only. So the token's schedule stands in a shard of its own, and a process
takes turns of it ahead, for what it will send in the next moment; those that it has not used by
then, it gives back. That costs one more round trip for each token and moment, not for each request.
"""

from __future__ import annotations

import math
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import TimeoutError as RedisTimeoutError

from tiktok_events.outbox.lua_script import Call, LuaScript
from tiktok_events.outbox.store import Store
from worker.outbox.claim import Claim, Want
from worker.outbox.settlement import Settlement, TokenLimit

LEASE_S: Final = 0.05
"""So long turns are held. All processes together may be so much ahead of the schedule, which is
five percent of any second."""

MORE: Final = 1.25
"""Turns are taken for so many times what was used in the last moment: demand may grow."""


SINKS: Final = 0.8
"""With each lease the demand that is expected sinks by so much, unless it is there."""


LOST_S: Final = 1.0
"""A schedule that cannot be reached is asked again so much later."""


class Turn(NamedTuple):
    """What a claim is told of the turn that its request needs.

    Attributes:
        wait_ms: until the process may have one; 0 when it has; ``""`` where the claim itself
            keeps the schedule, because there is one shard.
        last: the destination that had the last turn in this process.
    """

    wait_ms: int | str
    last: str


NO_TURN: Final = Turn("", "")


@dataclass(slots=True)
class _Held:
    """Turns of one token.

    Attributes:
        limit: of the token.
        turns: that can be used.
        each_ms: of the schedule that each of them takes.
        since: when they were asked for; seconds of the monotonic clock.
        ask_at: not before is it worth asking for more.
        used: since they were asked for.
        pace: how many are used in the time of a lease, about; it sinks slowly.
        last: the destination that had the last.
        is_lost: whether the leader of its shard is away; then each shard keeps a schedule.
    """

    limit: TokenLimit
    turns: int = 0
    each_ms: float = 0.0
    since: float = -math.inf
    ask_at: float = -math.inf
    used: int = 0
    pace: float = 0.0
    last: str = ""
    is_lost: bool = False

    def wanted(self, need: int, now: float) -> int:
        """How many to ask for when so many are needed: as many as until the lease ends."""
        leases = max(now - self.since, LEASE_S / 50) / LEASE_S
        self.pace = max(self.used / leases, self.pace * SINKS)
        expected = min(self.pace, self.limit.per_second * LEASE_S)
        return max(need, math.ceil(expected * MORE))

    def learn(self, reply: Sequence[Any], now: float) -> None:
        """Take what was granted; who has all there are need not ask again soon."""
        self.turns, self.each_ms, wait_ms = reply[0], float(reply[1]), reply[2]
        self.since, self.used, self.is_lost = now, 0, False
        self.ask_at = now + max(wait_ms / 1000, LEASE_S) if wait_ms else -math.inf

    def lose(self, now: float) -> None:
        """Let the shards limit it, each by itself, until its schedule can be asked again."""
        self.turns, self.used, self.is_lost = 0, 0, True
        self.ask_at = now + LOST_S


class TokenTurns:
    """The turns that one process holds; for one thread, `note` for any.

    Args:
        store: the outbox, of several shards.
        now: seconds of the monotonic clock.
    """

    def __init__(self, store: Store, now: Callable[[], float] = time.monotonic) -> None:
        self._store = store
        self._now = now
        self._script = LuaScript(
            store.redis, "worker", "lib/unblocked", "lib/claims", "lib/limiter", "turns"
        )
        self._held: dict[str, _Held] = {}

    def take(self, wants: Sequence[Want]) -> list[Turn]:
        """A turn for each claim, as far as there are any; one round trip or none."""
        self._ask(wants)
        now, promised = self._now(), Counter[str]()
        turns = []
        for want in wants:
            held = self._held[want.token_limit.token_digest]
            if held.is_lost:
                turns.append(NO_TURN)
                continue
            promised[held.limit.token_digest] += 1
            if promised[held.limit.token_digest] <= held.turns:
                turns.append(Turn(0, held.last))
            else:
                turns.append(Turn(max(1, math.ceil((held.ask_at - now) * 1000)), held.last))
        return turns

    def used(self, wants: Sequence[Want], turns: Sequence[Turn], claims: Sequence[Claim]) -> None:
        """Note which claims have used their turns: those that found something."""
        for want, turn, claim in zip(wants, turns, claims, strict=True):
            if turn.wait_ms == 0 and claim.blocks:
                held = self._held[want.token_limit.token_digest]
                held.turns -= 1
                held.used += 1
                held.last = want.destination

    def give_back(self) -> None:
        """Give back what was not used in its time."""
        end = self._now() - LEASE_S
        over = [held for held in self._held.values() if held.turns and held.since <= end]
        if over:
            self._tell([self._call(held.limit, back_ms=_back(held)) for held in over])
        for held in over:
            held.turns = held.used = 0

    def note(self, settlement: Settlement) -> None:
        """Let the schedule know of requests that had no turn, and of an API that wants fewer."""
        self._tell(
            [
                self._call(
                    settlement.token_limit,
                    extra=settlement.extra_requests,
                    slow_down=settlement.throttled,
                )
            ]
        )

    def _ask(self, wants: Sequence[Want]) -> None:
        needs = Counter(want.token_limit.token_digest for want in wants)
        for want in wants:
            digest = want.token_limit.token_digest
            self._held.setdefault(digest, _Held(want.token_limit)).limit = want.token_limit
        now = self._now()
        asking = {}
        for digest, need in needs.items():
            held = self._held[digest]
            is_over = held.since <= now - LEASE_S
            if (is_over or held.turns < need) and held.ask_at <= now:
                asking[digest] = held.wanted(need, now)
        calls = [
            self._call(held.limit, wanted=wanted, back_ms=_back(held))
            for digest, wanted in asking.items()
            for held in (self._held[digest],)
        ]
        replies = self._tell(calls) if calls else []
        for digest, reply in zip(asking, replies, strict=True):
            if reply is None:
                self._held[digest].lose(now)
            else:
                self._held[digest].learn(reply, now)

    def _tell(self, calls: Sequence[Call]) -> list[Any]:
        """Call the script; nothing is answered where a leader is away, and no delivery waits."""
        try:
            return self._script.answered(calls)
        except (RedisConnectionError, RedisTimeoutError):
            if not self._store.lost:
                raise
            return [None] * len(calls)

    def _call(
        self,
        limit: TokenLimit,
        *,
        wanted: int = 0,
        back_ms: float = 0.0,
        extra: int = 0,
        slow_down: bool = False,
    ) -> Call:
        keys = self._store.shards.of(limit.token_digest)
        return [keys.ready, keys.limit(limit.token_digest)], [
            limit.per_second,
            wanted,
            repr(back_ms),
            extra,
            int(slow_down),
        ]


def _back(held: _Held) -> float:
    """Milliseconds of the schedule that turns take which were not used."""
    return held.turns * held.each_ms
