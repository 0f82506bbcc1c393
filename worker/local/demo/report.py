"""The figures of a demo run: whether every event is accounted for, and by whom."""

from __future__ import annotations

import http.client
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Self, cast
from urllib.parse import urlsplit

import orjson

from tiktok_events.outbox.store import Store

DEAD_PREFIX: Final = "dead:"
_REPORT_TIMEOUT_S: Final = 10.0


@dataclass(frozen=True, slots=True)
class Counters:
    """What the worker has counted so far, in Redis.

    Attributes:
        delivered: events the API said ``code: 0`` to.
        dead: reason → events.
    """

    delivered: int
    dead: Mapping[str, int]

    @classmethod
    def read(cls, store: Store) -> Self:
        """Read the counters as they are now."""
        counts: Counter[str] = Counter()
        for keys in store.shards:
            found = cast("dict[bytes, bytes]", store.redis.hgetall(keys.counters))
            counts.update({name.decode(): int(value) for name, value in found.items()})
        return cls(
            counts["delivered"],
            {
                name.removeprefix(DEAD_PREFIX): count
                for name, count in sorted(counts.items())
                if name.startswith(DEAD_PREFIX) and count
            },
        )

    @property
    def accounted(self) -> int:
        """How many events have ended."""
        return self.delivered + sum(self.dead.values())


@dataclass(frozen=True, slots=True)
class SandboxFigures:
    """What the simulated API has seen.

    Attributes:
        requests: HTTP requests, disturbed ones included.
        distinct: conversions that TikTok would count.
        repeated: events that came twice and were counted once.
        faults: fault → requests that it disturbed.
    """

    requests: int
    distinct: int
    repeated: int
    faults: Mapping[str, int]

    @classmethod
    def read(cls, api_url: str) -> Self:
        """Read the figures of a running sandbox.

        Raises:
            OSError: the sandbox does not answer.
        """
        report = _get_json(api_url, "/sandbox/report")
        return cls(report["requests"], report["distinct"], report["repeated"], report["faults"])


@dataclass(frozen=True, slots=True)
class DemoReport:
    """What became of everything that was enqueued.

    Attributes:
        enqueued: events that ``track_many`` returned an id for.
        counters: the worker's counts.
        sandbox: the sandbox's counts.
        duration_s: from the first event enqueued to the last one accounted for.
    """

    enqueued: int
    counters: Counters
    sandbox: SandboxFigures
    duration_s: float

    @property
    def events_per_s(self) -> float:
        """How many events were accounted for per second."""
        return self.counters.accounted / self.duration_s

    def problems(self) -> list[str]:
        """What is unaccounted for, in sentences; empty if everything is."""
        problems = []
        counters, sandbox = self.counters, self.sandbox
        if self.enqueued != counters.accounted:
            problems.append(
                f"{self.enqueued:,} events were enqueued, but {counters.delivered:,} delivered and "
                f"{sum(counters.dead.values()):,} dead make {counters.accounted:,}"
            )
        if sandbox.distinct != counters.delivered:
            problems.append(
                f"{counters.delivered:,} events were delivered, but the sandbox counted "
                f"{sandbox.distinct:,} distinct conversions"
            )
        return problems

    def as_dict(self) -> dict[str, Any]:
        """Return the JSON object that ``--json`` prints."""
        return {
            "enqueued": self.enqueued,
            "delivered": self.counters.delivered,
            "distinct": self.sandbox.distinct,
            "repeated": self.sandbox.repeated,
            "dead": dict(self.counters.dead),
            "requests": self.sandbox.requests,
            "events_per_s": round(self.events_per_s),
            "duration_s": round(self.duration_s, 3),
            "faults": dict(self.sandbox.faults),
            "problems": self.problems(),
        }


def _get_json(base_url: str, path: str) -> Any:
    # No HTTP library: a proxy of the environment must not be asked for the loopback.
    connection = http.client.HTTPConnection(urlsplit(base_url).netloc, timeout=_REPORT_TIMEOUT_S)
    try:
        connection.request("GET", path)
        return orjson.loads(connection.getresponse().read())
    finally:
        connection.close()
