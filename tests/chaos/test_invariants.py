"""The judge of the chaos suite: each invariant finds what it is there to find."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from tests.chaos.disturbances import KillChild
from tests.chaos.invariants import Evidence, broken
from tests.chaos.producer import Marked
from tests.chaos.scenarios import Scenario
from tests.chaos.stage import Exit
from tiktok_events_sandbox import Report
from worker.letters.dead_letters import Reason
from worker.operations.status import Figures
from worker.outbox.receipt import End

SCENARIO = Scenario(name="calm", disturbance=KillChild(times=0), marked=Marked("poison-", every=3))

OUTAGE = replace(SCENARIO, is_outage=True)


def _line(event: str) -> dict[str, Any]:
    return {"event": event, "pid": 1}


def _event(event_id: str, event_time: int = 1) -> dict[str, Any]:
    return {"event_id": event_id, "event_time": event_time}


def _figures(**counters: int) -> Figures:
    counted = {"accepted": 3, "delivered": 2, "dead:rejected": 1, **counters}
    return Figures(at=0.0, counters=counted, dead=1, destinations=[])


def _evidence(**other: Any) -> Evidence:
    """Two events delivered, a poisonous one dead, as it should be; but for what is given."""
    fine: dict[str, Any] = {
        "scenario": SCENARIO,
        "accepted": frozenset({"a", "b", "poison-c"}),
        "refused": frozenset(),
        "arrived": [_event("a"), _event("b")],
        "dead": {"poison-c": Reason.REJECTED},
        "figures": _figures(),
        "traced": {"a": End.DELIVERED, "b": End.DELIVERED, "poison-c": End.REJECTED},
        "report": Report(distinct=2),
        "exits": [Exit(0, 1.0)],
        "recovery_s": 0.0,
    }
    return Evidence(**fine | other)


def test_a_faultless_run_breaks_nothing() -> None:
    """All invariants are silent."""
    assert broken(_evidence()) == []


def test_what_died_with_a_primary_is_not_held_against_the_outbox() -> None:
    """Only what replication may not have carried: another loss is one."""
    more = {"accepted": frozenset("abde") | {"poison-c"}}
    evidence = _evidence(**more, at_risk=frozenset("d"))
    assert broken(evidence) == ["1 accepted events are lost"]


@pytest.mark.parametrize(
    ("other", "sentence"),
    [
        ({"accepted": frozenset("abd") | {"poison-c"}}, "1 accepted events are lost"),
        (
            {"accepted": frozenset({"a", "poison-c"})},
            "1 events arrived that were never handed over",
        ),
        (
            {"figures": _figures(accepted=4, delivered=3), "refused": frozenset("d")},
            "track() raised for 1 events though the server was up",
        ),
        (
            {"arrived": [_event("a"), _event("b"), _event("a", 2)]},
            "1 repeats differ from the event they repeat",
        ),
        ({"report": Report(distinct=3)}, "the API counts 3 conversions of 2 events"),
        (
            {"report": Report(distinct=2, repeated=1)},
            "1 events were repeated though every answer was clear",
        ),
        (
            {
                "dead": {"poison-c": Reason.EXPIRED},
                "traced": {"a": End.DELIVERED, "b": End.DELIVERED, "poison-c": End.EXPIRED},
            },
            "1 died (expired), 1 should have",
        ),
        (
            {"figures": _figures(accepted=2)},
            "0 wait, -1 events and 0 dead letters are unaccounted for",
        ),
        (
            {"scenario": replace(SCENARIO, loses_claims=True)},
            "no claim was lost: the sleeper held none, or settled another's",
        ),
        ({"receipts_missing": 2}, "2 receipts are missing"),
        (
            {"traced": {"a": End.DELIVERED, "poison-c": End.REJECTED}},
            "the receipts of 1 events say something else than the API",
        ),
        ({"exits": [Exit(0, 10.5)]}, "a worker ended with status 0 after 10.5 s"),
        ({"vanished": 1}, "1 workers ended though nobody told them to"),
        (
            {
                "scenario": OUTAGE,
                "lines": [_line("redis_unavailable")] * 2 + [_line("redis_is_back")],
            },
            "processes said [2] times that Redis is away, [1] back",
        ),
        (
            {"scenario": OUTAGE, "lines": [_line("redis_unavailable")]},
            "processes said [1] times that Redis is away, [] back",
        ),
        (
            {"scenario": OUTAGE, "lines": [_line("worker_ready")]},
            "processes said [] times that Redis is away, [] back",
        ),
        ({"exits": [Exit(-9, 1.0)]}, "a worker ended with status -9 after 1.0 s"),
    ],
)
def test_what_is_broken_is_said(other: dict[str, Any], sentence: str) -> None:
    """Evidence with one thing wrong brings that sentence, and no other."""
    assert broken(_evidence(**other)) == [sentence]


def test_an_event_counted_but_never_accepted_is_wrongly_delivered() -> None:
    """Redis counts both as delivered, the API has one of them: it is lost, too."""
    found = broken(_evidence(arrived=[_event("a")], report=Report(distinct=1)))
    wrong = "2 were counted delivered, the API accepted 1"
    assert found == ["1 accepted events are lost", wrong]


def test_an_event_appended_twice_by_the_client_is_not_wrongly_delivered() -> None:
    """The server died in a call of `track`, which the client repeated."""
    assert broken(_evidence(figures=_figures(accepted=4, delivered=3))) == []


def test_what_the_server_lost_is_not_lost_by_us() -> None:
    """It had been accepted before the server forgot everything."""
    assert broken(_evidence(accepted=frozenset({*"abd", "poison-c"}), gone=frozenset("d"))) == []


def test_an_outage_that_is_said_once_and_ends_is_fine() -> None:
    """One line when it begins, one when it is over."""
    lines = [_line("redis_unavailable"), _line("redis_is_back")]
    assert broken(_evidence(scenario=OUTAGE, lines=lines)) == []
