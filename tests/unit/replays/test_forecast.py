"""What a replay would do is counted before: events, requests, seconds, money."""

from __future__ import annotations

from typing import Any

from tests.builders import letters
from worker.delivery.destinations import Limits
from worker.letters.dead_letters import DeadLetter
from worker.replays.eligibility import Eligibility
from worker.replays.forecast import Forecast

NOW = 1_795_000_000.0
LIMITS = Limits(100, 65_536, 8, 1.0, 5.0, 1_000.0)
PIXEL, OTHER = "web:C0PIXEL", "app:1"


def limits_of(_destination: str) -> Limits:
    """The same for all destinations."""
    return LIMITS


def letter(destination: str = PIXEL, value: Any = None, padding: int = 0) -> DeadLetter:
    """A letter worth something."""
    properties = {"value": value, "currency": "EUR"}
    body = {"event": "Purchase", "pad": "x" * padding, "properties": properties}
    return letters.letter(body, now=NOW, destination=destination)


def forecast(*letters: DeadLetter, eligibility: Eligibility = Eligibility.REPLAYABLE) -> Forecast:
    """The forecast of some letters of one eligibility."""
    found = Forecast()
    for one in letters:
        found.add(one, eligibility)
    return found


def test_requests_are_counted_per_destination() -> None:
    """Each destination fills requests of its own."""
    found = forecast(*[letter()] * 101, *[letter(OTHER)] * 3)
    assert found.requests(limits_of) == {PIXEL: 2, OTHER: 1}


def test_large_events_need_more_requests() -> None:
    """A request is full by its bytes, too."""
    found = forecast(*[letter(padding=30_000)] * 9)
    assert found.requests(limits_of) == {PIXEL: 5}


def test_money_is_that_of_what_goes() -> None:
    """Per currency, exactly; what is skipped or worth nothing adds nothing."""
    found = forecast(letter(value=0.1), letter(value=0.2), letter(value="7"), letter())
    found.add(letter(value=5), Eligibility.EXPIRED)
    assert found.as_dict(500.0, limits_of)["value"] == {"EUR": 0.3}
    assert found.skipped()["skipped_expired"] == 1


def test_the_time_is_that_of_the_rate() -> None:
    """Where many destinations share the events."""
    found = forecast(*(letter(f"web:{number}") for number in range(1_000)))
    assert found.takes_s(50.0, limits_of) == 20.0


def test_a_single_destination_takes_a_request_a_second() -> None:
    """Live events come first there, whatever the rate."""
    assert forecast(*[letter()] * 1_000).takes_s(10_000.0, limits_of) == 10.0
