"""What is to be told stands in Redis until it is told: a kill between deciding and telling."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any, Final, cast

import pytest
from redis import Redis
from structlog.testing import capture_logs

from tasks.announce import announce
from tests.builders.parked import park_by_answer
from tests.builders.stores import installation_keys, keys, store_of
from tiktok_events import Client
from tiktok_events.event.destination import Destination
from worker.attempts.verdict import Answer, Verdict
from worker.delivery.attempt_log import parked_notice, tell
from worker.operations.alerts.judge import Alert, Alerts, Figure, Incident, Phase
from worker.outbox.outbox import Outbox
from worker.outbox.settlement import Settled
from worker.reporting.announcements import Announcements
from worker.runtime.engine import THIS_PROCESS
from worker.settings import Settings

PLACES: Final = (keys.announcements, installation_keys.announcements)
INCIDENTS: Final = installation_keys.announcements
PIXEL = "C0TELL000PIXEL000000"
KEY = f"web:{PIXEL}"
DESTINATION = Destination.from_key(KEY)
REFUSED = Answer(Verdict.CREDENTIAL, 40105, "revoked for jo@example.com", "request", 200)
DEAD = Figure(Alert.DEAD_PER_MINUTE, 12.5, 10)


@pytest.fixture
def settings(redis_url: str) -> Iterator[Settings]:
    """Of this process, which is a worker."""
    known = Settings.load({}, redis_url=redis_url)
    THIS_PROCESS.configure(known)
    yield known
    THIS_PROCESS.engine().close()


def parked(redis: Redis, redis_url: str) -> tuple[Outbox, Settled]:
    """A destination is parked by the answer to a request."""
    with Client(redis_url, event_source_id=PIXEL, linger_ms=0) as client:
        client.track({"event": "Lead"})
    return park_by_answer(redis, KEY, parked_notice(DESTINATION, REFUSED))


def let_leases_end(redis: Redis) -> None:
    """A minute passes, and whoever was to tell has not."""
    for place in PLACES:
        members: Any = redis.zrange(place, 0, -1)
        for member in members:
            redis.zadd(place, {member: 1})


def told() -> list[dict[str, Any]]:
    """What a worker says that finds what others could not tell."""
    with capture_logs() as logs:
        announce()
    return [dict(line) for line in logs]


def test_a_parking_that_is_told_is_not_told_again(
    redis: Redis, redis_url: str, settings: Settings
) -> None:
    """Once, as long as nobody dies."""
    outbox, settled = parked(redis, redis_url)
    with capture_logs() as logs:
        tell(DESTINATION, REFUSED, settled)
    outbox.told(settled)
    let_leases_end(redis)
    assert [line["event"] for line in logs] == ["parked"]
    assert (Announcements(store_of(redis)).due(), told()) == (False, [])


def test_a_parking_whose_worker_was_killed_is_told_by_another(
    redis: Redis, redis_url: str, settings: Settings
) -> None:
    """The same line, when the lease has ended and not before, and only once."""
    _, settled = parked(redis, redis_url)
    with capture_logs() as logs:
        tell(DESTINATION, REFUSED, settled)
    assert (Announcements(store_of(redis)).due(), told()) == (False, [])
    let_leases_end(redis)
    assert Announcements(store_of(redis)).due()
    assert told() == [dict(line) for line in logs]
    let_leases_end(redis)
    assert told() == []


def test_an_alert_whose_worker_was_killed_is_told_by_another(
    redis: Redis, settings: Settings
) -> None:
    """Its beginning and its end, each as it was then."""
    alerts = Alerts(store_of(redis), calm_s=0.0)
    (begun,) = alerts.judge([DEAD])
    (over,) = alerts.judge([Figure(Alert.DEAD_PER_MINUTE, 0.0, 10)])
    let_leases_end(redis)
    found = [Incident.read(document) for _, document in Announcements(store_of(redis)).take()]
    assert sorted(found, key=lambda one: one.phase) == [begun, over]
    let_leases_end(redis)
    assert sorted(line["event"] for line in told()) == ["alert", "alert_over"]
    assert redis.exists(*PLACES) == 0


def test_an_incident_that_goes_on_announces_nothing(redis: Redis) -> None:
    """Nor does a figure below its threshold."""
    alerts = Alerts(store_of(redis))
    phases = [one.phase for figure in (DEAD, DEAD) for one in alerts.judge([figure])]
    alerts.judge([Figure(Alert.OLDEST_WAITING_S, 1.0, 10)])
    assert (phases, redis.zcard(INCIDENTS)) == ([Phase.BEGUN, Phase.ON], 1)


@pytest.mark.parametrize("junk", [b"junk", b"1 {", b"1 []", b"\xff\xfe {}"])
def test_junk_among_the_announcements_stops_nothing(
    redis: Redis, settings: Settings, junk: bytes
) -> None:
    """It is logged and goes; the others are told."""
    Alerts(store_of(redis)).judge([DEAD])
    redis.zadd(INCIDENTS, {junk: 0})
    let_leases_end(redis)
    assert min(line["event"] for line in told()) == "alert"
    assert redis.exists(*PLACES) == 0


def test_a_lease_from_before_the_clock_jumped_back_has_ended(
    redis: Redis, settings: Settings
) -> None:
    """It would last for ever otherwise."""
    Alerts(store_of(redis)).judge([DEAD])
    (member,) = cast("list[bytes]", redis.zrange(INCIDENTS, 0, -1))
    redis.zadd(INCIDENTS, {member: (time.time() + 86_400) * 1000})
    assert Announcements(store_of(redis)).due()
    assert [line["event"] for line in told()] == ["alert"]
