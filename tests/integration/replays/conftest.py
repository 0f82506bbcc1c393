"""What the tests of replays share: letters, requests, and workers that take turns."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

import orjson
import pytest
from click.testing import Result
from redis import Redis
from structlog.testing import capture_logs

from tests.builders.commands import tiktok_events
from tests.builders.stores import SHARDS, keys, store_of
from tiktok_events.outbox.shards import Shards
from tiktok_events.outbox.store import Store
from worker.attempts.history import History
from worker.delivery.destinations import Destinations
from worker.letters.dead_letters import DeadLetter, DeadLetters, Reason
from worker.letters.filter import LetterFilter
from worker.replays.lease import ReplayLease
from worker.replays.orders import Replays
from worker.replays.runner import ReplayRun
from worker.replays.state import Replay, ReplayRequest
from worker.settings import Settings

FAST = 10_000.0
LOOK_S = 0.02
PIXEL = "web:C0PIXEL"


class Ward:
    """Dead letters on a real server, and workers that replay them.

    Attributes:
        redis: a client of the server.
        url: of the server.
        store: of the outboxes.
        letters: all dead letters.
        replays: all replays.
    """

    def __init__(self, redis: Redis, url: str, shards: Shards = SHARDS) -> None:
        self.redis = redis
        self.url = url
        self.store = Store(redis, shards)
        self.letters = DeadLetters(self.store)
        self.replays = Replays(self.store)
        self._buried = 0

    def bury(
        self,
        count: int = 1,
        destination: str = PIXEL,
        worth: dict[str, Any] | None = None,
        *,
        dated: bool = True,
        **given: Any,
    ) -> list[str]:
        """Bury events `e0`, `e1` …, the nearest deadline first; returns their letters' ids.

        One that is not `dated` dies again if it is not repaired.
        """
        now = time.time()
        ids = []
        for _ in range(count):
            values: dict[str, Any] = {
                "destination": destination,
                "reason": Reason.REJECTED,
                "message": "refused",
                "history": History(now - 60),
                "died_at": now - 30,
                "expires_at": now + 3600 + self._buried,
            }
            body: dict[str, Any] = {"event": "Purchase", "event_id": f"e{self._buried}"}
            body |= {"properties": worth or {}} | ({"event_time": int(now) - 60} if dated else {})
            self._buried += 1
            ids.append(self.letters.bury(DeadLetter.of(body, **(values | given))))
        return ids

    def ask(self, wanted: LetterFilter | None = None, **given: Any) -> int:
        """Ask for a replay of what matches now."""
        wanted = wanted or LetterFilter()
        given = {"rate": FAST, "asked_at": time.time(), **given}
        selected = sum(1 for _ in self.letters.find(wanted))
        request = ReplayRequest(wanted=wanted, asked_by="ops", selected=selected, **given)
        return self.replays.ask(request)

    def worker(self, name: str = "one", **settings: Any) -> ReplayRun:
        """A worker process, as far as replays are concerned."""
        destinations = Destinations(Settings(**settings))
        return ReplayRun(self.store, destinations, holder=name, lease_s=60)

    def turn(self, number: int, worker: ReplayRun | None = None) -> Replay:
        """One turn of a worker; the replay after it."""
        (worker or self.worker()).run(number, lambda: True)
        return self.get(number)

    def get(self, number: int) -> Replay:
        """A replay there is."""
        replay = self.replays.get(number)
        assert replay is not None
        return replay

    def waiting(self) -> Counter[str]:
        """Ids of the events in all outboxes; an event that stands there twice counts twice."""
        found: Counter[str] = Counter()
        for key in self.redis.scan_iter(match="tiktok_events:{*}:outbox:*"):
            blocks: Any = self.redis.xrange(key)
            for _, block in blocks:
                found.update(event["event_id"] for event in orjson.loads(block[b"b"]))
        return found

    def dead(self) -> list[str | None]:
        """Ids of the dead events, nearest deadline first."""
        return [letter.event_id for letter in self.letters]

    def run(self, *arguments: str, given: str | None = None) -> Result:
        """Run `tiktok-events …` as the operator `ops`."""
        return tiktok_events(*arguments, given=given, REDIS_URL=self.url, ACTOR="ops")

    def json(self, *arguments: str) -> list[dict[str, Any]]:
        """Run it with --json; one object per line."""
        return [orjson.loads(line) for line in self.run(*arguments, "--json").stdout.splitlines()]

    def kill_holder(self, number: int) -> None:
        """What a killed worker leaves, once its lease has ended."""
        self.redis.hset(SHARDS.at(0).replay(number), "lease_until", 1)

    def let_pass(self, number: int, seconds: float) -> None:
        """So much time passes, as far as the rate of a replay is concerned."""
        paid: Any = self.redis.hget(SHARDS.at(0).replay(number), "paid_until")
        self.redis.hset(SHARDS.at(0).replay(number), "paid_until", repr(float(paid) - seconds))


@pytest.fixture
def ward(redis: Redis, redis_url: str) -> Ward:
    """An empty server."""
    return Ward(redis, redis_url)


@pytest.fixture
def at_work(ward: Ward) -> Iterator[None]:
    """A worker that takes whatever replay is offered."""
    ended = threading.Event()

    def work() -> None:
        hold, worker = (
            ReplayLease(store_of(ward.redis), holder="one", lease_ms=60_000),
            ward.worker(),
        )
        while not ended.wait(LOOK_S):
            for number in hold.offered():
                worker.run(number, lambda: True)

    thread = threading.Thread(target=work)
    with capture_logs():  # standard output is the command's
        thread.start()
        yield
        ended.set()
        thread.join()


@pytest.fixture
def deliver(redis: Redis) -> Callable[[str], None]:
    """`deliver(destination)`: everything that waits there is sent."""

    def empty(destination: str = PIXEL) -> None:
        redis.delete(keys.outbox(destination))
        redis.hdel(keys.state(destination), "waiting")

    return empty
