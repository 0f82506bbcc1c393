"""The fast way through the schemas is plain marshmallow, for a great many events."""

from __future__ import annotations

import json
from random import Random
from typing import Any

import pytest

from schemas import Checked, check_event
from schemas.check import check_thoroughly
from schemas.event import EVENTS
from schemas.fields import DOUBT
from schemas.finding import SALVAGED
from tests.differential.mutations import mutated_events

LEAST_SALVAGED_SHARE = 0.1
LEAST_FAST_SHARE = 0.3
"""Where the fast way has doubts it is marshmallow that answers, and there is nothing to compare."""


def said(checked: Checked) -> tuple[str, Any, Any]:
    """Return all of an outcome; as JSON, 1, 1.0, true and -0.0 differ, and so do orders."""
    return json.dumps(checked.event), checked.errors, checked.warnings


@pytest.mark.parametrize("strict", [False, True], ids=["lenient", "strict"])
@pytest.mark.parametrize("event_source", sorted(EVENTS))
def test_both_ways_agree_on_mutated_events(
    event_source: str, differential_events: int, *, strict: bool
) -> None:
    """Result, errors and warnings are equal, whatever was changed in the event."""
    plan = EVENTS[event_source].plan("", strict=strict)
    rng = Random(f"{event_source}-{differential_events}")
    fast = 0
    for event in mutated_events(event_source, differential_events // len(EVENTS) // 2, rng):
        checked = check_event(event, event_source, strict=strict)
        if plan.run(event, []) is not DOUBT:
            assert said(check_thoroughly(event, event_source, strict=strict)) == said(checked), (
                event
            )
            fast += 1
    assert fast > LEAST_FAST_SHARE * differential_events / len(EVENTS) / 2


@pytest.mark.parametrize("event_source", sorted(EVENTS))
def test_what_is_salvaged_needs_no_salvage(event_source: str, differential_events: int) -> None:
    """What goes out of an odd event is clean: it passes again, whole, and nothing is mended."""
    rng = Random(f"salvage-{event_source}-{differential_events}")
    salvaged = 0
    for event in mutated_events(event_source, differential_events // len(EVENTS) // 2, rng):
        checked = check_event(event, event_source)
        if not checked.valid:
            continue
        again = check_event(checked.event, event_source)
        assert (json.dumps(checked.event), ()) == (json.dumps(again.event), again.errors), event
        assert all(one.kind not in SALVAGED for one in again.warnings), event
        salvaged += any(one.kind in SALVAGED for one in checked.warnings)
    assert salvaged > LEAST_SALVAGED_SHARE * differential_events / len(EVENTS) / 2
