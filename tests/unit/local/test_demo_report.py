"""The demo's report tells what is unaccounted for, and its stream is what its scenario expects."""

from __future__ import annotations

import tomllib
from dataclasses import replace

import pytest

from worker.local.demo.report import Counters, DemoReport, SandboxFigures
from worker.local.demo.run import FAULTS
from worker.local.samples.events import destinations

NOW = 1_795_000_000
FAULTLESS = DemoReport(
    enqueued=100,
    counters=Counters(delivered=97, dead={"invalid": 2, "rejected": 1}),
    sandbox=SandboxFigures(requests=4, distinct=97, repeated=10, faults={}),
    duration_s=2.0,
)


def test_nothing_is_unaccounted_for() -> None:
    """Delivered and dead make what was enqueued, and the sandbox counts the same."""
    assert FAULTLESS.problems() == []
    assert FAULTLESS.events_per_s == 50.0


def test_a_missing_event_is_a_problem() -> None:
    """An event that is neither delivered nor dead is reported."""
    assert replace(FAULTLESS, enqueued=101).problems() == [
        "101 events were enqueued, but 97 delivered and 3 dead make 100"
    ]


@pytest.mark.parametrize("distinct", [96, 98])
def test_another_count_of_the_sandbox_is_a_problem(distinct: int) -> None:
    """An event counted twice is as wrong as one that never arrived."""
    sandbox = replace(FAULTLESS.sandbox, distinct=distinct)
    assert replace(FAULTLESS, sandbox=sandbox).problems() == [
        f"97 events were delivered, but the sandbox counted {distinct} distinct conversions"
    ]


def test_the_scenario_names_destinations_of_the_smallest_demo() -> None:
    """A rule for a destination that never occurs would be no fault at all."""
    rules = tomllib.loads(FAULTS.read_text())["rules"]
    named = {rule["match"]["destination"] for rule in rules if "destination" in rule["match"]}
    assert named <= {source_id for _, source_id in destinations(pixels=1)}
