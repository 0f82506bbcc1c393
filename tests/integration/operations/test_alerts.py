"""Alerts on a real server: measured right, decided once, over when it has been calm."""

from __future__ import annotations

import threading
import time
from collections import Counter
from typing import Any

import pytest
from redis import Redis

from tests.builders import letters
from tests.builders.stores import installation_keys, keys, store_of
from tiktok_events import Client
from worker.operations.alerts.figures import expiring_values, measured
from worker.operations.alerts.judge import (
    Alert,
    Alerts,
    Figure,
    Incident,
    Phase,
    is_time_to_look,
    rest_after_look,
)
from worker.operations.status import read_figures
from worker.outbox.parking import Parking
from worker.settings import Settings

PIXEL = "C0ALERT00PIXEL000000"


def dead(value: float, threshold: float = 10) -> Figure:
    """So many deaths a minute."""
    return Figure(Alert.DEAD_PER_MINUTE, value, threshold)


@pytest.fixture
def alerts(redis: Redis) -> Alerts:
    """Alerts that are over as soon as it is calm."""
    return Alerts(store_of(redis), calm_s=0.0)


def phases(alerts: Alerts, *values: float) -> list[str]:
    """The phase after each value."""
    return [incident.phase.value for value in values for incident in alerts.judge([dead(value)])]


def bury(redis: Redis, **given: Any) -> None:
    """Bury an event that expires in an hour."""
    money = {"value": given.pop("value", 5.0), "currency": given.pop("currency", "EUR")}
    expires_at = time.time() + given.pop("expires_in_s", 3_600.0)
    body = {"event": "Purchase", "properties": money}
    letters.bury(redis, body, destination=f"web:{PIXEL}", expires_at=expires_at)


def values(redis: Redis, within_s: float = 86_400.0) -> dict[str, float]:
    """What expires within some seconds."""
    now = time.time()
    return expiring_values(store_of(redis), now, now + within_s)


# --- incidents -----------------------------------------------------------------


def test_an_incident_begins_and_ends_once(alerts: Alerts) -> None:
    """It begins at the threshold, and goes on until its figure is below 80 % of it."""
    expected = ["", "begun", "on", "on", "on", "over", "", "begun"]
    assert phases(alerts, 9.99, 10, 25, 9, 8, 7.99, 7.99, 10) == expected


def test_an_incident_that_is_not_calm_for_long_goes_on(redis: Redis) -> None:
    """One low figure is not the end of it, and a high one begins the waiting anew."""
    alerts = Alerts(store_of(redis), calm_s=60.0)
    assert phases(alerts, 10, 1, 1) == ["begun", "on", "on"]
    _calm_since(redis, seconds=61)
    assert phases(alerts, 9, 1) == ["on", "on"]
    _calm_since(redis, seconds=61)
    assert phases(alerts, 1) == ["over"]
    assert redis.exists(installation_keys.alerts) == 0


def _calm_since(redis: Redis, seconds: float) -> None:
    """Let an incident have been calm for some seconds."""
    stored: Any = redis.hget(installation_keys.alerts, "dead_per_minute")
    since, _, peak = stored.split()
    calm_since = str(round((time.time() - seconds) * 1000)).encode()
    redis.hset(installation_keys.alerts, "dead_per_minute", b" ".join((since, calm_since, peak)))


def test_the_end_tells_when_it_began_and_how_bad_it_was(alerts: Alerts) -> None:
    """The peak is the largest figure of all looks, of all workers."""
    (begun,) = alerts.judge([dead(12.5)])
    alerts.judge([dead(99.25)])
    alerts.judge([dead(11)])
    (over,) = alerts.judge([dead(2)])
    assert over == Incident(dead(2), Phase.OVER, begun.since, 99.25)
    assert abs(begun.since - time.time()) < 60


def test_two_workers_never_announce_the_same(redis: Redis, redis_url: str) -> None:
    """However many look at once, one is told that it has begun, and one that it is over."""
    start, told, lock = threading.Barrier(8), Counter[str](), threading.Lock()

    def look() -> None:
        with Redis.from_url(redis_url, protocol=2) as own:
            alerts = Alerts(store_of(own), calm_s=0.0)
            for value in (50, 50, 0, 0):
                start.wait(20)
                (incident,) = alerts.judge([dead(value)])
                with lock:
                    told[incident.phase] += 1

    threads = [threading.Thread(target=look) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (told[Phase.BEGUN], told[Phase.OVER]) == (1, 1)


def test_each_figure_has_an_incident_of_its_own(alerts: Alerts) -> None:
    """Also each currency."""
    euros = Figure(Alert.EXPIRING_VALUE, 500.0, 100, "EUR")
    yen = Figure(Alert.EXPIRING_VALUE, 50.0, 100, "JPY")
    found = alerts.judge([dead(10), euros, yen])
    assert [one.phase for one in found] == [Phase.BEGUN, Phase.BEGUN, Phase.NONE]
    assert alerts.open(Alert.EXPIRING_VALUE) == ["EUR"]


def test_one_worker_at_a_time_looks(redis: Redis) -> None:
    """The others leave it to him for some seconds."""
    assert [is_time_to_look(store_of(redis)) for _ in range(3)] == [True, False, False]
    assert 0 < redis.pttl(installation_keys.alerting) <= 5_000


@pytest.mark.parametrize(("took_s", "rest_ms"), [(0.01, 5_000), (2.0, 40_000)])
def test_a_look_that_took_long_is_followed_by_a_rest(
    redis: Redis, took_s: float, rest_ms: int
) -> None:
    """However many destinations there are, a worker has little to do with alerts."""
    rest_after_look(store_of(redis), took_s)
    assert rest_ms - 1_000 < redis.pttl(installation_keys.alerting) <= rest_ms
    assert not is_time_to_look(store_of(redis))


# --- figures -------------------------------------------------------------------


def figures(redis: Redis, *incidents: str, **thresholds: Any) -> dict[str, float]:
    """The measured figures, by name."""
    settings = Settings.load({}, **thresholds)
    return {one.key: one.value for one in measured(store_of(redis), settings, lambda _: incidents)}


def test_without_thresholds_nothing_is_measured(redis: Redis) -> None:
    """Every alert is off by default."""
    assert (figures(redis), Settings().alerts) == ({}, False)


def test_deaths_before_the_first_look_do_not_count(redis: Redis) -> None:
    """Nobody knows when they were."""
    bury(redis)
    assert figures(redis, alert_dead_per_minute=1) == {"dead_per_minute": 0.0}
    bury(redis)
    bury(redis)
    assert figures(redis, alert_dead_per_minute=1) == {"dead_per_minute": 2.0}


@pytest.mark.parametrize(
    ("notes", "expected"),
    [
        ({59: 0, 30: 4}, 10.0),  # all of the last minute
        ({300: 0, 61: 3, 59: 4}, 6.89),  # the newest that is a minute old
        ({600: 0}, 1.0),  # a pause: in proportion
        ({61: 99}, 0.0),  # the counters began anew
    ],
)
def test_deaths_are_those_of_the_last_minute(
    redis: Redis, notes: dict[int, int], expected: float
) -> None:
    """The total is compared with what was noted a minute ago."""
    redis.hset(keys.counters, mapping={"accepted": 10, "dead:rejected": 7, "dead:invalid": 3})
    for ago_s, total in notes.items():
        at = round((time.time() - ago_s) * 1000)
        redis.zadd(installation_keys.deaths, {f"{at} {total}": at})
    found = figures(redis, alert_dead_per_minute=1)["dead_per_minute"]
    assert found == pytest.approx(expected, abs=0.1)
    kept = [int(note.split()[0]) / 1000 for note, _ in redis.zscan_iter(installation_keys.deaths)]
    assert sum(time.time() - at > 60 for at in kept) <= 1


def test_notes_are_forgotten_when_nobody_looks(redis: Redis) -> None:
    """Alerts that were turned off leave no key behind."""
    figures(redis, alert_dead_per_minute=1)
    assert 0 < redis.pttl(installation_keys.deaths) <= 3_600_000


def test_the_oldest_of_all_outboxes_counts(redis: Redis, redis_url: str) -> None:
    """As `status` tells it; nothing waits for no time."""
    assert figures(redis, alert_oldest_waiting_s=1) == {"oldest_waiting_s": 0.0}
    hour_ago_ms = round((time.time() - 3_600) * 1000)
    redis.xadd(keys.outbox("web:C0OLD"), {"n": 1, "b": "[{}]"}, id=f"{hour_ago_ms}-1")
    redis.hset(keys.state("web:C0OLD"), "waiting", 1)
    Parking(store_of(redis)).park("web:C0OLD")
    Parking(store_of(redis)).park("web:C0EMPTY")
    with Client(redis_url, event_source_id=PIXEL) as client:
        client.track({"event": "Lead"})
    found = figures(redis, alert_oldest_waiting_s=1)["oldest_waiting_s"]
    assert found == pytest.approx(3_600, abs=30)
    told = [one.oldest_at for one in read_figures(store_of(redis)).destinations if one.oldest_at]
    assert min(told) == hour_ago_ms / 1000


def test_only_money_that_can_still_be_saved_counts(redis: Redis) -> None:
    """Each currency for itself, to the hour; not what is expired, far from it, or no money."""
    bury(redis, value=5.0)
    bury(redis, value=2.5)
    bury(redis, value=1_000, currency="JPY")
    bury(redis, expires_in_s=-7_200.0)
    bury(redis, expires_in_s=7 * 86_400.0)
    bury(redis, value=None)
    bury(redis, currency="jo@example.com")
    bury(redis, currency=None)
    assert values(redis) == {"EUR": 7.5, "JPY": 1_000}
    assert values(redis, within_s=8 * 86_400.0)["EUR"] == 12.5


def test_a_currency_that_nothing_expires_of_any_more_is_told(redis: Redis) -> None:
    """Else its incident would never be over."""
    bury(redis, currency="JPY")
    found = figures(redis, "EUR", alert_expiring_value=1, alert_expiring_within_s=86_400)
    assert found == {"expiring_value:EUR": 0.0, "expiring_value:JPY": 5.0}
