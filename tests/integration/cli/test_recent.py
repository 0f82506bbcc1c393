"""The last hour and day of each destination, in `status` and in `destinations list`."""

from __future__ import annotations

import pytest
from redis import Redis

from tests.builders.commands import objects, tiktok_events
from tests.builders.figures import SHOP, accepted, fold_all, settled
from worker.reporting.figures.period import Period

VIEWS = [("status",), ("destinations", "list")]


@pytest.fixture(autouse=True)
def _a_day(redis: Redis) -> None:
    """Something in this hour, more five hours ago, and an idle destination since."""
    hour = Period.at("h", redis.time()[0])
    for count, at in ((2, hour), (3, Period.hour(hour.number - 5))):
        accepted(redis, count + 1, hour=at)
        settled(redis, {"Purchase": {"delivered": count, "dead:rejected": 1}}, hour=at)
    fold_all(redis)


def test_they_are_told_though_nothing_waits(redis_url: str) -> None:
    """An idle destination has no state, but figures."""
    (status,) = objects(tiktok_events("status", "--json", REDIS_URL=redis_url))
    (listed,) = objects(tiktok_events("destinations", "list", "--json", REDIS_URL=redis_url))
    (seen,) = status["destinations"]

    for one in (seen, listed):
        assert one["destination"] == SHOP
        assert one["last_hour"] == {"accepted": 3, "delivered": 2, "dead": 1}
        assert one["last_day"] == {"accepted": 7, "delivered": 5, "dead": 2}


@pytest.mark.parametrize("view", VIEWS)
def test_people_see_them_too(redis_url: str, view: tuple[str, ...]) -> None:
    """What was delivered, and how many died."""
    output = tiktok_events(*view, REDIS_URL=redis_url).stdout

    assert "2 1 dead" in output
    assert "5 2 dead" in output
    assert max(map(len, output.splitlines())) <= 100
