"""Measure the flow of events by the hourly figures: silence, refusal, coverage.

If there are several destinations, the worst one counts, and is named.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final, cast

from tiktok_events.outbox.store import Store
from worker.letters.letter import Reason
from worker.operations.alerts.coverage_watch import CoverageWatch
from worker.operations.alerts.judge import Alert, Figure
from worker.outbox.oldest import read_oldest
from worker.reporting.figures.names import DEAD, DELIVERED
from worker.reporting.figures.period import HOUR_S
from worker.reporting.figures.reading import read
from worker.reporting.figures.summary import dead
from worker.reporting.stored import text_of, whole_of
from worker.settings import Settings

MOST: Final = 200
"""How many silent destinations are examined, the longest silent first."""

LEAST_EVENTS: Final = 20
"""The least number of events in two hours whose share can be an incident."""


def measured_flow(store: Store, settings: Settings) -> Iterator[Figure]:
    """Return the figures that have a threshold.

    Raises:
        redis.RedisError: the server did not answer, or refused.
    """
    seconds, _ = store.redis.time()
    now = float(seconds)
    if (most := settings.alert_silent_minutes) is not None:
        yield _worst(Alert.SILENT_MINUTES, silent_minutes(store, now, most), most)
    if (most := settings.alert_refused_percent) is not None:
        yield _worst(Alert.REFUSED_PERCENT, refused_percent(store, now), most)
    if (most := settings.alert_coverage_points) is not None:
        yield _worst(Alert.COVERAGE_POINTS, CoverageWatch(store, most).look(now), most)


def _worst(alert: Alert, values: Mapping[str, float], most: float) -> Figure:
    about = max(values, key=lambda name: (values[name], name), default=None)
    value = 0.0 if about is None else round(values[about], 1)
    return Figure(alert, value, most, about=about)


def silent_minutes(store: Store, now: float, least: float) -> dict[str, float]:
    """Return for how long nothing was delivered to each destination that has accepted events.

    Accepted events count if they still wait or have died: delayed, cancelled and erased ones make
    no silence.

    Args:
        store: the outbox.
        now: Unix seconds.
        least: minutes; shorter silences are omitted.
    """
    since = _silent_since(store, now - least * 60)
    rows = read(store, now - HOUR_S, now, destination=list(since)) if since else []
    died = {row.destination for row in rows if dead(row.figures)}
    oldest = read_oldest(store, dict.fromkeys(_waiting(store, list(since)), False))
    found = {}
    for name, began in since.items():
        appended_at = oldest[name].appended_at if name in oldest else None
        if name in died:
            found[name] = (now - began) / 60
        elif appended_at is not None:
            found[name] = (now - max(began, appended_at)) / 60
    return {name: minutes for name, minutes in found.items() if minutes >= least}


def _silent_since(store: Store, before: float) -> dict[str, float]:
    found: dict[str, float] = {}
    for keys in store.at_hand:
        silent = store.redis.zrange(
            keys.silent, "-inf", before * 1_000, byscore=True, offset=0, num=MOST, withscores=True
        )
        for name, since_ms in cast("list[tuple[bytes, float]]", silent):
            found[text_of(name)] = since_ms / 1_000
    return found


def _waiting(store: Store, names: list[str]) -> list[str]:
    with store.redis.pipeline(transaction=False) as pipeline:
        for name in names:
            pipeline.hget(store.shards.of(name).state(name), "waiting")
        waiting = pipeline.execute() if names else []
    return [name for name, count in zip(names, waiting, strict=True) if whole_of(count or b"0")]


def refused_percent(store: Store, now: float) -> dict[str, float]:
    """Return for each destination the percentage of events refused, in this hour and the last."""
    ended: dict[str, tuple[int, int]] = {}
    for row in read(store, now - HOUR_S, now):
        delivered, refused = ended.get(row.destination, (0, 0))
        ended[row.destination] = (
            delivered + row.figures.get(DELIVERED, 0),
            refused + row.figures.get(DEAD + Reason.REJECTED, 0),
        )
    return {
        name: 100 * refused / (delivered + refused)
        for name, (delivered, refused) in ended.items()
        if delivered + refused >= LEAST_EVENTS
    }
