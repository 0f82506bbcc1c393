"""Falls of a share are found soon, and hardly ever where there is none: a simulated month."""

from __future__ import annotations

import math
from bisect import bisect_left
from functools import cache
from itertools import accumulate
from random import Random
from typing import Final

import pytest

from worker.operations.quality.fall import Watch, alarm_among
from worker.operations.quality.usual import AROUND, learned_hours, usual_share

FALL: Final = 0.10
HOURS_A_WEEK: Final = 168
LOOKS_AN_HOUR: Final = 60
"""As workers look: rarer looks would give fewer false alarms than there are."""

SHARES: Final = (0.985, 0.93, 0.8, 0.55, 0.4, 0.2)
"""Of six match keys."""

SIX: Final = alarm_among(len(SHARES))


def rate(hour: int) -> int:
    """Events of a minute: 1,000 an hour on average, few at night, more at weekends."""
    day = 1 + 0.8 * math.sin((hour % 24 - 8) / 24 * 2 * math.pi)
    weekend = 1.3 if hour // 24 % 7 >= 5 else 0.88
    return max(1, round(1_000 / LOOKS_AN_HOUR * day * weekend))


def share(usual: float, hour: int) -> float:
    """It breathes with the day and the week: other people shop at night."""
    daily = 0.04 * math.sin(hour / 24 * 2 * math.pi)
    weekly = -0.05 if hour // 24 % 7 >= 5 else 0.0
    return min(max(usual + (daily + weekly) * 4 * usual * (1 - usual), 0.001), 0.999)


@cache
def _steps(events: int, thousandths: int) -> list[float]:
    p = thousandths / 1_000
    chances = (math.comb(events, k) * p**k * (1 - p) ** (events - k) for k in range(events + 1))
    return list(accumulate(chances))


def hits(rng: Random, events: int, p: float) -> int:
    """How many of some events count."""
    return min(bisect_left(_steps(events, round(p * 1_000)), rng.random()), events)


def counted(rng: Random, usual: float, hour: int) -> tuple[int, int]:
    """An hour's events, and those that count."""
    events = rate(hour) * LOOKS_AN_HOUR
    return events, sum(hits(rng, rate(hour), share(usual, hour)) for _ in range(LOOKS_AN_HOUR))


def false_alarms(rng: Random, usual: float) -> int:
    """Of a share that only breathes, watched for 30 days after a week in which it was learned."""
    hours: dict[int, tuple[int, int]] = {}
    alarms, watch = 0, Watch()
    for hour in range(HOURS_A_WEEK + 30 * 24):
        known = usual_share(hours, hour)
        looks = [hits(rng, rate(hour), share(usual, hour)) for _ in range(LOOKS_AN_HOUR)]
        hours[hour] = rate(hour) * LOOKS_AN_HOUR, sum(looks)
        for found in looks if known is not None else ():
            before = watch.has_fallen(SIX)
            watch = watch.after(rate(hour), found, usual=known or 0.0, fall=FALL, alarm=SIX)
            alarms += watch.has_fallen(SIX) and not before
    return alarms


def minutes_until_found(rng: Random, usual: float) -> int:
    """How long 1,000 events an hour take to tell that a share is ten points lower."""
    now = 5 * HOURS_A_WEEK + 38
    learned = sorted({middle + one for middle in learned_hours(now) for one in AROUND})
    hours = {hour: counted(rng, usual, hour) for hour in learned}
    known, watch = usual_share(hours, now), Watch()
    assert known is not None
    for minute in range(1, 300):
        found = hits(rng, 17, max(share(usual, now) - FALL, 0.001))
        watch = watch.after(17, found, usual=known, fall=FALL, alarm=SIX)
        if watch.has_fallen(SIX):
            return minute
    return 300


def test_a_month_has_one_false_alarm_at_most() -> None:
    """Of six match keys, with the rhythm of days and weeks; on average over five months."""
    rng = Random(7)
    alarms = [sum(false_alarms(rng, usual) for usual in SHARES) for _ in range(5)]

    assert sum(alarms) <= len(alarms)


@pytest.mark.parametrize(
    ("usual", "within"), [(0.99, 6), (0.95, 13), (0.9, 17), (0.8, 35), (0.6, 60)]
)
def test_a_fall_of_ten_points_is_found_soon(usual: float, within: int) -> None:
    """In so many minutes in half of all cases: near 50 % an event proves less than near 100 %."""
    rng = Random(3)
    minutes = sorted(minutes_until_found(rng, usual) for _ in range(40))

    assert minutes[20] <= within


def test_a_share_that_has_recovered_is_no_incident_for_long() -> None:
    """The sum is bounded, however long the fall has lasted."""
    fallen = Watch().after(10_000, 7_000, usual=0.9, fall=FALL)
    assert fallen.has_fallen()

    assert not fallen.after(300, 270, usual=0.9, fall=FALL).has_fallen()


def test_many_shares_have_no_more_false_alarms_than_few() -> None:
    """Each may alarm falsely with a certain chance, so that of more shares each must do so less."""
    fallen = Watch().after(170, 119, usual=0.9, fall=FALL)

    assert fallen.has_fallen(alarm_among(6))
    assert not fallen.has_fallen(alarm_among(6_000))


def test_a_share_that_stays_low_is_usual_after_a_week() -> None:
    """What lasts is no fall."""
    rng = Random(1)
    hours = {hour: counted(rng, 0.8, hour) for hour in range(4 * HOURS_A_WEEK)}
    week = range(4 * HOURS_A_WEEK, 5 * HOURS_A_WEEK)
    hours |= {hour: counted(rng, 0.6, hour) for hour in week}

    known = usual_share(hours, week.stop)

    assert known is not None
    assert abs(known - 0.6) < 0.05
