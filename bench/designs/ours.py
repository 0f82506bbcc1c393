"""How an application enqueues with our client."""

from __future__ import annotations

from itertools import islice
from typing import Any

from tiktok_events import Client
from worker.local.samples.people import SAMPLE_REGION

SLICE = 5_000

Events = list[dict[str, Any]]

client = Client(default_region=SAMPLE_REGION)


def track(events: Events) -> None:
    """One call per event."""
    for event in events:
        client.track(event)


def track_many(events: Events) -> None:
    """Calls of many events."""
    remaining = iter(events)
    while part := list(islice(remaining, SLICE)):
        client.track_many(part)
