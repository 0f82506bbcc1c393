"""Of however many events, the demo spoils as many as its report expects."""

from __future__ import annotations

import pytest

from worker.local.demo.run import Plan, stream
from worker.local.samples.events import fault_of

NOW = 1_795_000_000


@pytest.mark.parametrize("events", [30, 2_000, 20_000])
def test_three_valid_web_events_are_poisoned(events: int) -> None:
    """Neither an invalid event nor one whose request may be reset bears the mark."""
    sample = list(stream(Plan(events=events), now=NOW))
    poisoned = [e for e in sample if e.get("event_id", "").startswith("poison-")]
    invalid = [e for e in sample if fault_of(e.get("event_id", ""))]
    assert len(sample) == events
    assert [e["event_source"] for e in poisoned] == ["web"] * 3
    assert len(invalid) == events * 2 // 1_000
