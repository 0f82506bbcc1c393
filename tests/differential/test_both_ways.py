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
from tests.differential.mutations import mutated_events

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
