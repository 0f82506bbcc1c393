"""`tiktok-events replays`: see, watch, pause, resume and cancel what the workers are at."""

from __future__ import annotations

from typing import Any

import pytest
from redis import Redis

from tests.builders.stores import store_of
from worker.letters.filter import LetterFilter
from worker.outbox.parking import Parking
from worker.reporting.audit import Audit

PIXEL = "web:C0PIXEL"


def test_no_replays_are_said_in_words(ward: Any) -> None:
    """No line for programs."""
    assert "There are no replays" in ward.run("replays", "list").stdout
    empty = ward.run("replays", "list", "--json")
    assert (empty.exit_code, empty.stdout) == (0, "")


def test_a_replay_is_a_json_object(ward: Any) -> None:
    """Counts, state, and what was asked for by whom."""
    ward.bury(30)
    number = ward.ask(LetterFilter(reason="rejected"), rate=10.0)
    ward.turn(number)
    (line,) = ward.json("replays", "list")
    shown = ward.json("replays", "show", "1")[0]
    assert line == {name: shown[name] for name in line}
    assert len(shown["letters"]) == 10
    wanted = {
        "replay": 1,
        "state": "running",
        "selected": 30,
        "replayed": 10,
        "left": 20,
        "gone": 0,
        "filter": "reason rejected",
        "rate": 10.0,
        "asked_by": "ops",
        "ended_at": None,
        "holder": None,
    }
    assert wanted == {name: line[name] for name in wanted}
    assert line["asked_at"] < line["started_at"]


def test_the_table_fits_a_hundred_columns(ward: Any, redis: Redis) -> None:
    """The newest first; long names and filters are cut or folded."""
    destination = "offline:7400000000000000001:TEST12345"
    ward.bury(3, destination)
    Parking(store_of(redis)).park(destination)
    ward.turn(ward.ask(LetterFilter(destination=destination, event="AnEventWithAVeryLongName")))
    ward.turn(ward.ask())
    output = ward.run("replays", "list").stdout
    assert max(map(len, output.splitlines())) <= 100
    numbers = [line.split()[0] for line in output.splitlines()[1:]]
    assert [number for number in numbers if number.isdigit()] == ["2", "1"]
    assert "parked" in output


def test_a_replay_is_shown_to_people(ward: Any) -> None:
    """With everything that is known of it."""
    ward.bury(2)
    ward.turn(ward.ask())
    output = ward.run("replays", "show", "1").stdout
    parts = ["finished", "every dead letter", "10,000 events a second", "ops", "replayed"]
    assert parts == [part for part in parts if part in output]


def test_a_watched_replay_is_told_when_it_ends(ward: Any, at_work: None) -> None:
    """As `dead replay` would have told it."""
    ward.bury(2)
    ward.ask()
    (report,) = ward.json("replays", "watch", "1")
    assert (report["replayed"], report["state"]) == (2, "finished")


def test_orders_are_followed_and_written_down(ward: Any, redis: Redis) -> None:
    """Giving one twice changes nothing, and is no mistake."""
    ward.bury(2)
    number = str(ward.ask())
    states = []
    for order in ("pause", "pause", "resume", "cancel", "cancel"):
        result = ward.run("replays", order, number, "--json")
        assert result.exit_code == 0
        states.append(ward.get(1).state.value)
    assert states == ["paused", "paused", "running", "cancelled", "cancelled"]
    entries = [(entry.who, entry.result) for entry in Audit(store_of(redis)).read()]
    assert entries == [("ops", result) for result in ("cancelled", "resumed", "paused", "asked")]


@pytest.mark.parametrize("order", ["pause", "resume", "cancel"])
def test_a_finished_replay_takes_no_order(ward: Any, order: str) -> None:
    """A sentence says why."""
    ward.turn(ward.ask())
    result = ward.run("replays", order, "1")
    assert result.exit_code == 1
    assert "replay 1 is finished" in result.stderr


@pytest.mark.parametrize("command", ["show", "watch", "pause", "resume", "cancel"])
def test_an_unknown_replay_is_an_error(ward: Any, command: str) -> None:
    """The way to those there are is named."""
    result = ward.run("replays", command, "7")
    assert result.exit_code == 1
    assert "tiktok-events replays list" in result.stderr
