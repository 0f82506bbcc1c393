"""Alerts on the flow of events: silence, refusal, match keys that become rare, value at risk."""

from __future__ import annotations

import time
from typing import Any

import pytest
from redis import Redis

from tests.builders.figures import HOUR, SHOP, accepted, fold_all, settled
from tests.builders.letters import bury
from tests.builders.stores import installation_keys, keys, store_of
from tiktok_events import Client
from worker.operations.alerts.announcement import sentence
from worker.operations.alerts.coverage_watch import CoverageWatch
from worker.operations.alerts.figures import measured
from worker.operations.alerts.judge import Alert, Alerts, Figure
from worker.operations.quality.usual import AROUND, learned_hours
from worker.reporting.figures.period import Period
from worker.settings import Settings

PIXEL = SHOP.partition(":")[2]


def figure(redis: Redis, **thresholds: Any) -> Figure:
    """The measured one."""
    (found,) = measured(store_of(redis), Settings.load({}, **thresholds), lambda _: [])
    return found


def silent_since(redis: Redis, minutes: float) -> None:
    """Fold what was accepted, and let it be so long ago."""
    fold_all(redis)
    redis.zadd(keys.silent, {SHOP: (time.time() - minutes * 60) * 1_000})


def test_silence_is_told_when_what_was_accepted_dies(redis: Redis) -> None:
    """Something came in, everything died: the time since the first of it."""
    hour = Period.at("h", redis.time()[0])
    accepted(redis, 5, hour=hour)
    settled(redis, {"Purchase": {"dead:rejected": 5}}, hour=hour)
    silent_since(redis, 30)

    found = figure(redis, alert_silent_minutes=15)

    assert (round(found.value), found.about) == (30, SHOP)


def test_an_idle_destination_is_not_silent(redis: Redis) -> None:
    """Nothing waits and nothing has died lately: it was cancelled, or is over long since."""
    accepted(redis, 5)
    silent_since(redis, 30)

    assert figure(redis, alert_silent_minutes=15).value == 0


def test_what_has_only_just_entered_its_outbox_is_not_silent(redis: Redis, redis_url: str) -> None:
    """It was accepted long ago, but delayed."""
    with Client(redis_url, event_source_id=PIXEL) as client:
        client.track({"event": "Purchase"})
    silent_since(redis, 30)

    assert figure(redis, alert_silent_minutes=15).value == 0


@pytest.mark.parametrize(("refused", "expected"), [(30, 30.0), (0, 0.0)])
def test_refusal_is_a_share_of_what_has_ended(redis: Redis, refused: int, expected: float) -> None:
    """The worst destination counts; a handful of events is no share."""
    hour = Period.at("h", redis.time()[0])
    ends = {"delivered": 100 - refused, "dead:rejected": refused, "dead:expired": 50}
    settled(redis, {"Purchase": ends}, hour=hour)
    settled(redis, {"Purchase": {"dead:rejected": 5}}, to="app:1", hour=hour)

    found = figure(redis, alert_refused_percent=20)

    assert (found.value, found.about) == (expected, SHOP)


def test_value_at_risk_is_what_is_lost_soon(redis: Redis, redis_url: str) -> None:
    """What waits and what is dead, together, in each currency."""
    soon = int(time.time() - 6.9 * 86_400)
    sale: dict[str, Any] = {"event": "Purchase", "properties": {"value": 70.0, "currency": "EUR"}}
    with Client(redis_url, event_source_id=PIXEL) as client:
        client.track_many([sale, sale | {"event_time": soon}])
    bury(redis, sale | {"event_time": soon}, expires_at=time.time() + 3_000)

    found = figure(redis, alert_value_at_risk=100)

    assert (found.value, found.currency) == (140.0, "EUR")


def learned(redis: Redis, hour: int, of_thousand: int) -> None:
    """The days and weeks before an hour."""
    for middle in learned_hours(hour):
        for one in AROUND:
            cell = {"Purchase": {"delivered": 1_000, "key:email": of_thousand}}
            settled(redis, cell, hour=Period.hour(middle + one))
    fold_all(redis)


def minutes_until_told(redis: Redis, of_hundred: int) -> int | None:
    """How many minutes of 17 events take until a fall is told; it begins before a full hour."""
    watch, hits = CoverageWatch(store_of(redis), 10), 0.0
    begins = HOUR.begins_at + 3_000
    watch.look(begins - 60)
    for minute in range(60):
        now = begins + minute * 60
        hits += 17 * of_hundred / 100
        cell = {"Purchase": {"delivered": 17, "key:email": int(hits)}}
        hits -= int(hits)
        settled(redis, cell, hour=Period.at("h", now))
        if watch.look(now):
            return minute + 1
    return None


def test_a_match_key_that_becomes_rare_is_told_in_a_quarter_of_an_hour(redis: Redis) -> None:
    """Ten points of 95, at 1,000 events an hour, across the full hour."""
    settled(redis, {"Purchase": {"delivered": 10, "key:email": 9}})
    learned(redis, HOUR.number, 950)
    learned(redis, HOUR.number + 1, 950)

    minutes = minutes_until_told(redis, of_hundred=85)

    assert minutes is not None
    assert minutes <= 15
    assert redis.ttl(installation_keys.coverage) > 0


@pytest.mark.parametrize("of_hundred", [95, 93, 99])
def test_a_match_key_that_is_as_usual_is_not_told(redis: Redis, of_hundred: int) -> None:
    """Nor one that is a little rarer, or more frequent."""
    settled(redis, {"Purchase": {"delivered": 10, "key:email": 9}})
    learned(redis, HOUR.number, 950)

    assert minutes_until_told(redis, of_hundred) is None


def test_a_match_key_is_not_told_before_its_rhythm_is_known(redis: Redis) -> None:
    """In its first week a destination has no usual share."""
    assert minutes_until_told(redis, of_hundred=10) is None


@pytest.mark.parametrize("junk", [b"junk", b"[]", b'{"version":1}', b'{"version":1,"at":"x"}'])
def test_junk_in_what_is_known_begins_the_watch_anew(redis: Redis, junk: bytes) -> None:
    """Anybody may have written it."""
    redis.set(installation_keys.coverage, junk)

    assert CoverageWatch(store_of(redis), 10).look(HOUR.begins_at) == {}


@pytest.mark.parametrize("alert", list(Alert))
def test_each_alert_has_a_sentence(redis: Redis, alert: Alert) -> None:
    """With its figure, and where it was measured."""
    figure = Figure(alert, 42.0, 10, "EUR", "email of Purchase")
    (incident,) = Alerts(store_of(redis)).judge([figure])

    assert "42" in sentence(incident)
