"""A worker's turns at a replay: what goes, what stays, and what waits."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from typing import Any, cast

import pytest
from redis import Redis

from tests.builders.stores import keys, store_of
from worker.attempts.history import History
from worker.letters.dead_letters import Reason
from worker.letters.filter import LetterFilter
from worker.operations.status import read_figures
from worker.outbox.parking import Parking
from worker.replays.state import ReplayState
from worker.reporting.audit import Audit

PIXEL = "web:C0PIXEL"
OTHER = "app:1"
DAY_S = 86_400.0


def test_all_that_match_go_back(ward: Any, redis: Redis) -> None:
    """They wait in their outboxes, once each, and every figure closes."""
    ward.bury(130)
    ward.bury(70, OTHER)
    ward.bury(5, reason=Reason.INVALID)
    replay = ward.turn(ward.ask(LetterFilter(reason="rejected")))
    assert (replay.state, replay.replayed, replay.gone) == (ReplayState.FINISHED, 200, 0)
    assert ward.waiting() == Counter(f"e{number}" for number in range(200))
    assert ward.dead() == [f"e{number}" for number in range(200, 205)]
    figures = read_figures(store_of(redis))
    assert (figures.waiting, figures.unaccounted, figures.dead_unaccounted) == (200, 0, 0)


def test_an_event_goes_back_as_it_was(ward: Any, redis: Redis) -> None:
    """Its history goes with it, and the replay is noted there."""
    ward.bury(history=History(5.0, attempts=3, ambiguous_since=time.time()))
    before = time.time()
    ward.turn(ward.ask())
    (attempts,) = cast("list[bytes]", redis.hvals(keys.attempts(PIXEL)))
    history = History.read(attempts, 0.0)
    assert (history.accepted_at, history.attempts, history.ambiguous) == (5.0, 3, True)
    (replayed_at,) = history.replays
    assert before - 1 < replayed_at < time.time() + 1


def test_the_nearest_deadline_goes_first(ward: Any) -> None:
    """Of all destinations together, as far as the rate lets letters go."""
    now = time.time()
    ward.bury(10, expires_at=now + 900)
    ward.bury(10, OTHER, expires_at=now + 100)
    ward.turn(ward.ask(rate=10.0))
    assert ward.waiting() == Counter(f"e{number}" for number in range(10, 20))


def test_the_first_deadline_of_a_lane_goes_first(ward: Any) -> None:
    """Within a destination, too."""
    now = time.time()
    for ahead in (300, 100, 200):
        ward.bury(10, expires_at=now + ahead)
    ward.turn(ward.ask(rate=20.0))
    assert set(ward.dead()) == {f"e{number}" for number in range(10)}


def test_what_cannot_be_sent_is_skipped_and_counted(ward: Any) -> None:
    """Expired, ambiguous and lost letters stay, each under its own name."""
    now = time.time()
    doubtful = History(now - 3 * DAY_S, ambiguous_since=now - 3 * DAY_S)
    ward.bury(1)
    ward.bury(2, expires_at=now - 1)
    ward.bury(3, history=doubtful)
    ward.bury(4, destination="")
    replay = ward.turn(ward.ask())
    assert replay.counts() == {
        "selected": 10,
        "replayed": 1,
        "skipped_expired": 2,
        "skipped_ambiguous": 3,
        "skipped_no_destination": 4,
        "gone": 0,
    }
    again = ward.turn(ward.ask(accept_duplicates=True))
    assert (again.replayed, len(ward.dead())) == (3, 6)


def test_what_expires_while_it_waits_is_skipped(ward: Any) -> None:
    """A filter for what can still be sent is asked as it was when it was given."""
    ward.bury(2, expires_at=time.time() - 1)
    replay = ward.turn(
        ward.ask(LetterFilter(recoverable=True), asked_at=time.time() - 10, missing=0)
    )
    assert replay.skipped["skipped_expired"] == 2


def test_what_dies_again_is_not_replayed_again(ward: Any) -> None:
    """Only letters that died before the replay was asked for belong to it."""
    ward.bury(3)
    number = ward.ask()
    ward.bury(2, died_at=time.time() + 1)
    replay = ward.turn(number)
    assert (replay.state, replay.replayed) == (ReplayState.FINISHED, 3)
    assert ward.dead() == ["e3", "e4"]


@pytest.mark.parametrize("by", ["ids", "event_id"])
def test_letters_can_be_named(ward: Any, by: str) -> None:
    """By their ids or by `event_id`, whatever their destinations are."""
    letters: list[str] = [*ward.bury(3), *ward.bury(3, OTHER)]
    first, *_, last = letters
    by_id = LetterFilter(ids=(first, last, "99-0"))
    number = ward.ask(
        by_id if by == "ids" else LetterFilter(event_id="e5"), missing=int(by == "ids")
    )
    replay = ward.turn(number)
    expected = ({"e0": 1, "e5": 1}, 1) if by == "ids" else ({"e5": 1}, 0)
    assert (ward.waiting(), replay.gone) == expected


def test_letters_that_are_not_there_any_more_are_gone(ward: Any) -> None:
    """Those that were purged or changed into others after the count."""
    ids = ward.bury(5)
    number = ward.ask(LetterFilter(reason="rejected"))
    ward.letters.purge(list(ward.letters.find(LetterFilter(ids=tuple(ids[:2])))))
    old = ward.letters.get(ids[2])
    ward.letters.change(old, replace(old, reason="invalid"))
    replay = ward.turn(number)
    assert (replay.replayed, replay.gone, replay.left) == (2, 3, 0)


# --- rate and room ------------------------------------------------------------


def test_the_rate_is_kept_from_turn_to_turn(ward: Any) -> None:
    """A turn sends what the time since the last one allows, and never more than the credit."""
    ward.bury(100)
    number = ward.ask(rate=2.0)  # so slow that the time the test itself takes allows none more
    counts = []
    for seconds in (0.0, 0.0, 1.5, 0.5, 3600.0):
        if seconds:
            ward.let_pass(number, seconds)
        counts.append(ward.turn(number).replayed)
    assert counts == [2, 2, 5, 6, 10]


def test_live_events_come_first(ward: Any, deliver: Callable[..., None]) -> None:
    """While one request's worth waits, no letter is added; the other destinations go on."""
    ward.bury(250)
    ward.bury(10, OTHER)
    number, worker = ward.ask(), ward.worker(batch_events=120)
    replay = ward.turn(number, worker)
    assert (replay.replayed, replay.waits_for) == (210, {PIXEL: "full"})
    assert ward.turn(number, worker).replayed == 210
    deliver(PIXEL)
    assert ward.turn(number, worker).state is ReplayState.FINISHED


def test_two_replays_share_a_destination_in_turns(
    ward: Any, deliver: Callable[..., None], redis: Redis
) -> None:
    """Whoever found no room is offered before whoever has just had some."""
    ward.bury(300)
    first, second = ward.ask(), ward.ask()
    worker = ward.worker(batch_events=1)
    ward.turn(first, worker)
    ward.turn(second, worker)
    due: Any = redis.zrange(keys.replays, 0, -1)
    assert [int(number) for number in due] == [second, first]


def test_a_parked_destination_is_passed_over(ward: Any, redis: Redis) -> None:
    """Its letters stay, the replay says what it waits for, and goes on when it is resumed."""
    ward.bury(10)
    ward.bury(10, OTHER)
    Parking(store_of(redis)).park(OTHER)
    number = ward.ask()
    replay = ward.turn(number)
    assert (replay.state, replay.replayed) == (ReplayState.RUNNING, 10)
    assert (replay.waits_for, replay.waits_only_for("parked")) == ({OTHER: "parked"}, [OTHER])
    Parking(store_of(redis)).resume(OTHER)
    assert (ward.turn(number).state, ward.waiting().total()) == (ReplayState.FINISHED, 20)


def test_what_waits_for_its_rate_is_not_waiting_for_a_person(ward: Any, redis: Redis) -> None:
    """While any lane goes on, nobody is told that all of them wait."""
    ward.bury(10)
    ward.bury(20, OTHER)
    Parking(store_of(redis)).park(PIXEL)
    number = ward.ask(rate=10.0)
    replay = ward.turn(number)
    assert (replay.waits_for, replay.waits_only_for("parked")) == ({PIXEL: "parked"}, [])
    ward.let_pass(number, 3600)
    assert ward.turn(number).waits_only_for("parked") == [PIXEL]


def test_a_destination_that_backs_off_is_passed_over(ward: Any, redis: Redis) -> None:
    """Until its back-off has ended."""
    ward.bury(10)
    waits: Any = {"failures": 1, "not_before": round(time.time() * 1000) + 60_000}
    redis.hset(keys.state(PIXEL), mapping=waits)
    number = ward.ask()
    replay = ward.turn(number)
    assert (replay.replayed, replay.waits_for) == (0, {PIXEL: "backing off"})
    redis.hset(keys.state(PIXEL), "not_before", 1)
    assert ward.turn(number).state is ReplayState.FINISHED


def test_skipped_letters_do_not_wait_for_a_parked_destination(ward: Any, redis: Redis) -> None:
    """What would not go anyway is counted all the same."""
    ward.bury(3, expires_at=time.time() - 1)
    Parking(store_of(redis)).park(PIXEL)
    replay = ward.turn(ward.ask())
    assert (replay.state, replay.skipped["skipped_expired"]) == (ReplayState.FINISHED, 3)


# --- the record ---------------------------------------------------------------


def test_the_end_stands_in_the_audit(ward: Any, redis: Redis) -> None:
    """Once, in the name of who asked."""
    ward.bury(3)
    number = ward.ask()
    ward.turn(number)
    ward.turn(number)
    entries = [
        (one.who, one.action, one.count, one.result) for one in Audit(store_of(redis)).read()
    ]
    assert entries == [("ops", "replay", 3, "finished"), ("ops", "replay", 3, "asked")]


def test_an_ended_replay_leaves_little(ward: Any, redis: Redis) -> None:
    """Its filter and places are forgotten; the newest hundred can be looked at."""
    (letter_id,) = ward.bury()
    numbers = [ward.ask(LetterFilter(ids=(letter_id,))) for _ in range(102)]
    for number in numbers:
        ward.turn(number)
    last = ward.ask()
    assert redis.exists(*map(keys.replay_places, numbers)) == 0
    assert redis.hmget(keys.replay(numbers[-1]), "filter", "ids") == [None, None]
    assert ward.get(numbers[-1]).words == "1 by id"
    assert [one.number for one in ward.replays] == [last, *reversed(numbers[3:])]
