"""What a person is shown of the deadlines of a parked destination."""

from __future__ import annotations

import time

import orjson

from tests.builders.commands import tiktok_events
from tests.builders.parked import DAY_S, WEEK_S, Parked, purchase

# --- what is shown ----------------------------------------------------------------------


def shown(redis_url: str, *arguments: str) -> str:
    """What a command prints."""
    return tiktok_events(*arguments, REDIS_URL=redis_url).stdout


def test_a_parked_destination_shows_its_first_deadline(parked: Parked, redis_url: str) -> None:
    """The earliest event of its oldest block decides; both commands tell."""
    event_time = int(time.time()) - DAY_S
    parked.client.track_many([purchase("new"), purchase("old", event_time=event_time)])
    parked.park()
    (status,) = orjson.loads(shown(redis_url, "status", "--json"))["destinations"]
    listed = orjson.loads(shown(redis_url, "destinations", "list", "--json"))
    assert [status["expires_at"], listed["expires_at"]] == [event_time + WEEK_S] * 2
    for command in (("status",), ("destinations", "list")):
        text = " ".join(shown(redis_url, *command).split())
        assert "first event expires in 5d" in text


def test_a_destination_that_is_not_parked_shows_no_deadline(parked: Parked, redis_url: str) -> None:
    """Its events leave before."""
    parked.track("new")
    (status,) = orjson.loads(shown(redis_url, "status", "--json"))["destinations"]
    assert status["expires_at"] is None
    assert "expires" not in shown(redis_url, "destinations", "list")


def test_a_parked_destination_without_events_shows_no_deadline(
    parked: Parked, redis_url: str
) -> None:
    """Nor does one whose first event has no time that is a figure."""
    parked.park()
    assert "expires" not in shown(redis_url, "status")
    parked.track("odd", event_time="never")
    assert "expires" not in shown(redis_url, "status")
