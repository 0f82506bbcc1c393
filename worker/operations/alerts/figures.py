"""Measure in Redis, where everything is, the figures that alerts are about."""

from __future__ import annotations

import math
import re
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Final, cast

from tiktok_events.outbox.lua_script import LuaScript
from tiktok_events.outbox.store import Store
from worker.letters.ledger import THOUSANDTHS, read_cells, read_kinds
from worker.operations.alerts.flow import measured_flow
from worker.operations.alerts.judge import Alert, Figure
from worker.operations.quality.at_risk import read_at_risk
from worker.operations.status import DEAD_COUNTER, read_figures
from worker.outbox.backlog import Backlog
from worker.outbox.oldest import read_oldest
from worker.reporting.figures.period import HOUR_S
from worker.reporting.stored import whole_of
from worker.settings import Settings

MINUTE_MS: Final = 60_000
FORGOTTEN_MS: Final = 3_600_000
"""Milliseconds without a look, after which the deaths since then are no rate."""

_CURRENCY: Final = re.compile(r"[A-Z]{3}").fullmatch
"""Matches a currency code; other text may be anything, and must not get into log lines."""


def measured(
    store: Store, settings: Settings, incidents: Callable[[Alert], Sequence[str]]
) -> Iterator[Figure]:
    """Return the figures that have a threshold.

    Args:
        store: the outbox.
        settings: settings with the thresholds.
        incidents: currencies that have an incident of an alert; a currency without any value has 0.

    Raises:
        redis.RedisError: the server did not answer, or refused.
    """
    if (most := settings.alert_dead_per_minute) is not None:
        yield Figure(Alert.DEAD_PER_MINUTE, dead_per_minute(store), most)
    if (most := settings.alert_oldest_waiting_s) is not None:
        yield Figure(Alert.OLDEST_WAITING_S, oldest_waiting_s(store), most)
    if (most := settings.alert_expiring_value) is not None:
        now = _now(store)
        expiring = expiring_values(store, now, now + settings.alert_expiring_within_s)
        yield from _by_currency(Alert.EXPIRING_VALUE, expiring, most, incidents)
    if (most := settings.alert_value_at_risk) is not None:
        at_risk = value_at_risk(store, settings)
        yield from _by_currency(Alert.VALUE_AT_RISK, at_risk, most, incidents)
    yield from measured_flow(store, settings)


def _by_currency(
    alert: Alert,
    values: Mapping[str, float],
    most: float,
    incidents: Callable[[Alert], Sequence[str]],
) -> Iterator[Figure]:
    for currency, value in sorted({**dict.fromkeys(incidents(alert), 0.0), **values}.items()):
        yield Figure(alert, round(value, 2), most, currency)


def value_at_risk(store: Store, settings: Settings) -> dict[str, float]:
    """Return what will be lost soon unless it is delivered, by currency."""
    values: defaultdict[str, float] = defaultdict(float)
    for risk in read_at_risk(store, settings, read_figures(store)):
        if risk.currency and risk.within_h * HOUR_S <= settings.alert_expiring_within_s:
            values[risk.currency] += risk.value
    return dict(values)


def dead_per_minute(store: Store) -> float:
    """Return how many events died in the last minute, for any reason; the first look sees none."""
    with store.redis.pipeline(transaction=False) as pipeline:
        for keys in store.at_hand:
            pipeline.hgetall(keys.counters)
        counters = cast("list[dict[bytes, bytes]]", pipeline.execute())
    counted = [pair for one in counters for pair in one.items()]
    prefix = DEAD_COUNTER.encode()
    dead = sum(whole_of(n) or 0 for name, n in counted if name.startswith(prefix))
    script = LuaScript(store.redis, "worker", "deaths")
    return float(script([store.shards.installation.deaths], [dead, MINUTE_MS, FORGOTTEN_MS]))


def oldest_waiting_s(store: Store) -> float:
    """Return how long the oldest first block of an outbox has been there; 0 if nothing waits."""
    appended_at = min(_first_appended(store), default=math.inf)
    return round(max(_now(store) - appended_at, 0.0), 1)


def _first_appended(store: Store) -> list[float]:
    """Return when the first block of each outbox was appended, Unix seconds."""
    found = read_oldest(store, dict.fromkeys(Backlog(store).destinations(), False))
    known = (one.appended_at for one in found.values())
    return [at for at in known if at is not None]  # a parked outbox may be empty


def expiring_values(store: Store, now: float, until: float) -> dict[str, float]:
    """Return by currency what dead letters are worth that expire between two timestamps.

    Args:
        store: the outbox.
        now: Unix seconds.
        until: Unix seconds; both are rounded to the hour, as the ledger counts.
    """
    values: defaultdict[str, float] = defaultdict(float)
    kinds = read_kinds(store)
    for cell in read_cells(store):
        currency = kinds[cell.kind].currency if cell.kind in kinds else None
        soon = cell.last_deadline > now and cell.first_deadline <= until
        if soon and cell.thousandths and _CURRENCY(currency or ""):
            values[str(currency)] += cell.thousandths / THOUSANDTHS
    return dict(values)


def _now(store: Store) -> float:
    """Return the server's time, which the ids of blocks have; Unix seconds."""
    seconds, microseconds = store.redis.time()
    return seconds + microseconds / 1_000_000
