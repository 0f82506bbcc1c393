"""A million dead letters: what it takes to count, find and keep them.

They are buried by the worker's own script on a server of its own. Every question is asked
several times by a client that knows nothing yet; the figure is the median. The longest that
the server was held up by one command is read from its slow log.
"""

from __future__ import annotations

import random
import resource
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import islice
from statistics import median
from typing import Any, Final

from redis import Redis
from rich.progress import track

from bench.lab.report import Options, hand_over, table
from tiktok_events.outbox.shards import Shards
from tiktok_events.outbox.store import Store
from worker.attempts.history import Attempt, History
from worker.letters.dead_letters import Cursor, DeadLetter, DeadLetters, Reason
from worker.letters.facets import Facets
from worker.letters.filter import LetterFilter
from worker.letters.record import Record
from worker.local.embedded import EmbeddedServer
from worker.local.samples.events import sample_events

KEYS: Final = Shards().at(0)
AT_ONCE: Final = 500
BODIES: Final = 5_000
HOUR_S: Final = 3_600.0
DAY_S: Final = 24 * HOUR_S
PAGE: Final = 20
PIXELS: Final = tuple(f"web:C0PIXEL{number:02}" for number in range(20))
RARE: Final = 20_000
"""One letter of so many has the rare fault."""

FAULTS: Final = (
    (Reason.INVALID, None, "properties.currency", "must be a three-letter ISO 4217 code"),
    (Reason.INVALID, None, "properties.contents.{n}.price", "must be a number without symbol"),
    (Reason.INVALID, None, "event_time", "must be in seconds, not milliseconds: here {n}"),
    (Reason.REJECTED, 40002, None, "data.{n}.properties.value: Invalid value '{n}'."),
    (Reason.REJECTED, 40000, None, "The event {n} cannot be processed by this pixel."),
    (Reason.EXPIRED, None, None, "too old to be sent before its window closes"),
    (Reason.EXHAUSTED, 20001, None, "Partial success."),
)
RARE_FAULT: Final = (Reason.CRASH_LOOP, None, None, "3 workers in a row died while they held it")


@dataclass(frozen=True, slots=True)
class Incident:
    """A fault that kills events of one name of one pixel for some hours."""

    fault: tuple[Any, ...]
    pixel: str
    bodies: list[dict[str, Any]]
    begins: float
    hours: float

    @classmethod
    def some(cls, rng: random.Random, bodies: list[list[dict[str, Any]]], now: float) -> Incident:
        """One within the last 30 days."""
        hours = rng.uniform(0.1, 24)
        begins = now - rng.uniform(hours, 30 * 24) * HOUR_S
        return cls(rng.choice(FAULTS), rng.choice(PIXELS), rng.choice(bodies), begins, hours)

    def letter(self, number: int, rng: random.Random) -> DeadLetter:
        """One letter of it; some incidents have a rare fault beside their own."""
        fault = RARE_FAULT if number % RARE == 0 else self.fault
        died_at = self.begins + rng.random() * self.hours * HOUR_S
        return sample_letter(number, fault, self.pixel, rng.choice(self.bodies), died_at)


def sample_letters(count: int, incidents: int, now: float, seed: int) -> Iterator[DeadLetter]:
    """Make letters that died in so many incidents."""
    rng = random.Random(seed)
    by_name: dict[tuple[Any, ...], list[dict[str, Any]]] = {}
    for body in islice(sample_events(BODIES, now=int(now)), BODIES):
        currency = body.get("properties", {}).get("currency")
        by_name.setdefault((body["event"], currency), []).append(body)
    found = [Incident.some(rng, list(by_name.values()), now) for _ in range(incidents)]
    for number in range(count):
        yield rng.choice(found).letter(number, rng)


def sample_letter(
    number: int, fault: tuple[Any, ...], pixel: str, body: dict[str, Any], died_at: float
) -> DeadLetter:
    """Make one letter; its event happened up to six hours before it died."""
    reason, code, path, message = fault
    verdict = "rejected" if number % 10 else "unclear"
    attempt = Attempt(died_at, verdict, code, 180, f"20261122{number:012}")
    return DeadLetter.of(
        body | {"event_id": f"order-{number}"},
        destination=pixel,
        reason=reason,
        code=code,
        path=path and path.format(n=number % 40),
        message=message.format(n=number),
        request_id=attempt.request_id if code else None,
        history=History(died_at - 60).after(attempt),
        died_at=died_at,
        expires_at=died_at + 7 * DAY_S - number % (6 * 3_600),
    )


def bury(redis: Redis, letters: Iterator[DeadLetter]) -> None:
    """Bury letters as the task does, many in a round trip."""
    script = DeadLetters(Store(redis, Shards()))._bury  # noqa: SLF001 — because one letter a round trip takes long
    while some := list(islice(letters, AT_ONCE)):
        records = [Record.of(letter) for letter in some]
        script.many(
            [
                (
                    [
                        KEYS.sequence,
                        KEYS.counters,
                        *KEYS.of_letters(),
                        KEYS.dead_of(record.kind.digest),
                    ],
                    [record.stored, record.kind.write(), record.kind.reason],
                )
                for record in records
            ]
        )


def questions(redis: Redis, count: int, now: float) -> dict[str, Callable[[], object]]:
    """What an operator asks, by name."""
    letters = DeadLetters(Store(redis, Shards()))

    def page(after: Cursor | None = None, **given: Any) -> Callable[[], object]:
        return lambda: list(islice(letters.find(LetterFilter(**given), after=after), PAGE))

    return {
        "facets": lambda: Facets.read(Store(redis, Shards())),
        "facets of one reason": lambda: Facets.read(
            Store(redis, Shards()), LetterFilter(reason="invalid")
        ),
        "facets of two hours": lambda: Facets.read(
            Store(redis, Shards()), LetterFilter(since=now - 2 * HOUR_S)
        ),
        "page of all": page(),
        "page in the middle": page(after=Cursor(now - 5 * DAY_S, "9")),
        "page of a common reason": page(reason="invalid"),
        "page of a rare reason": page(reason="crash_loop"),
        "page of one pixel and field": page(destination=PIXELS[3], field="properties.currency"),
        "page of what can be recovered": page(recoverable=True),
        "page of the last two hours": page(since=now - 2 * HOUR_S),
        "page by event_id": page(event_id=f"order-{count // 2}"),
        "page of a common text": page(text="ISO 4217"),
        "page of a rare text": page(text="workers in a row"),
        "page of a text nobody has": page(text="no such words"),
    }


def measured(question: Callable[[], object], rounds: int) -> dict[str, float]:
    """Ask several times; return the times in milliseconds."""
    taken = []
    for _ in range(rounds):
        start = time.perf_counter()
        question()
        taken.append((time.perf_counter() - start) * 1000)
    return {"median_ms": round(median(taken), 1), "worst_ms": round(max(taken), 1)}


def slowest_ms(redis: Redis) -> float:
    """Return the longest time that one command held up the server since the last call."""
    slow = redis.slowlog_get(1_000)
    redis.slowlog_reset()
    return max((entry["duration"] for entry in slow), default=0) / 1000


def memory(redis: Redis, count: int, before: int) -> dict[str, float]:
    """Return bytes a letter, and of those what the letters themselves take."""
    used = int(redis.info("memory")["used_memory"]) - before
    letters = int(redis.memory_usage(KEYS.dead, samples=2_000) or 0)
    return {
        "bytes_per_letter": round(used / count),
        "of_them_the_letter": round(letters / count),
        "of_them_the_index": round((used - letters) / count),
    }


def measure(count: int, incidents: int, rounds: int, seed: int) -> dict[str, Any]:
    """Bury, ask, and return every figure."""
    with EmbeddedServer() as server, Redis.from_url(server.url, protocol=2) as redis:
        redis.config_set("slowlog-log-slower-than", 1_000)
        redis.config_set("slowlog-max-len", 1_000)
        before, now = int(redis.info("memory")["used_memory"]), time.time()
        letters = sample_letters(count, incidents, now, seed)
        start = time.perf_counter()
        bury(redis, iter(track(letters, "burying", total=count)))
        result: dict[str, Any] = {"letters": count, "buried_s": time.perf_counter() - start}
        result |= {"kinds": redis.hlen(KEYS.dead_kinds), "cells": redis.hlen(KEYS.dead_ledger)}
        result["memory"] = memory(redis, count, before)
        result["burying"] = {"longest_command_ms": slowest_ms(redis)}
        for name, question in questions(redis, count, now).items():
            result[name] = measured(question, rounds)
            result[name]["longest_command_ms"] = slowest_ms(redis)
        result["client_peak_mb"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    return result


def rows(result: dict[str, Any]) -> Iterator[tuple[str, ...]]:
    """Return a row for each question: how long it takes, and how long one command of it."""
    for name, found in result.items():
        if isinstance(found, dict) and "median_ms" in found:
            yield name, *(f"{figure:,.1f}" for figure in found.values())


def main() -> None:
    """Measure, write the result, and show it."""
    parser = Options(__doc__, "rounds", "seed")
    parser.number("letters", 1_000_000, "that are buried")
    parser.number("incidents", 200, "that the letters died of")
    given = parser.parse_args()
    result = measure(given.letters, given.incidents, given.rounds, given.seed)
    headings = ("question", "median ms", "worst", "longest command")
    sizes = ", ".join(f"{name} {size:,}" for name, size in result["memory"].items())
    hand_over("letters", given, result, [table("Dead letters", headings, rows(result)), sizes])


if __name__ == "__main__":
    main()
