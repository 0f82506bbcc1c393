"""A scenario, from the first event to the evidence."""

from __future__ import annotations

import time
from typing import Final

from tests.builders.receipts import last_ends, receipts_missing
from tests.chaos.invariants import Evidence
from tests.chaos.scenarios import Scenario
from tests.chaos.stage import POLL_S, Stage

WAIT_S: Final = 30.0


def play(scenario: Scenario, stage: Stage) -> Evidence:
    """Break what the scenario says under load, wait until nothing is left to do, and look."""
    for effect, match in scenario.rules:
        stage.sandbox.rule(effect, match=match)
    for _ in range(scenario.workers):
        stage.start_worker()
    stage.wait_for_requests()
    scenario.disturbance.strike(stage)
    recovery_s = _recovery_s(stage)
    stage.wait_for_requests()
    stage.producer.stop()
    stage.empty_spool()
    stage.wait_until(stage.drained)
    for worker in stage.workers:
        stage.end_worker(worker)
    return _evidence(scenario, stage, recovery_s)


def _recovery_s(stage: Stage) -> float:
    since, began, before = time.time(), time.monotonic(), set(stage.producer.accepted)
    stage.wait_until(lambda: stage.outlived(since))
    before -= stage.at_risk
    while not before - stage.gone <= stage.arrived_or_dead() and time.monotonic() < began + WAIT_S:
        time.sleep(POLL_S)  # what was put back as a new block; what is lost, the judge will say
    return time.monotonic() - began


def _evidence(scenario: Scenario, stage: Stage, recovery_s: float) -> Evidence:
    return Evidence(
        scenario=scenario,
        accepted=frozenset(stage.producer.accepted),
        refused=frozenset(stage.producer.refused),
        arrived=[accepted.event for accepted in stage.sandbox.events()],
        dead=stage.dead(),
        figures=stage.figures(),
        report=stage.sandbox.report(),
        exits=stage.exits,
        vanished=stage.vanished,
        gone=frozenset(stage.gone),
        at_risk=stage.at_risk,
        lines=stage.lines(),
        figures_off=stage.figures_off(),
        recovery_s=recovery_s,
        receipts_missing=receipts_missing(stage.redis),
        pause_s=stage.producer.longest_pause_s,
        traced=last_ends(stage.redis, stage.producer.accepted),
    )
