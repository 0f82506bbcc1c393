"""What was in the requests that the sink accepted."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import orjson

Identity = tuple[str, str, str]


def identities(body: bytes) -> list[Identity]:
    """Return source id, name and event id of every event of a request.

    The body is the API's 2.0 (``data``), or one of its older forms: ``batch``, or an event alone.
    """
    request = orjson.loads(body)
    source_id = request.get("event_source_id") or request["pixel_code"]
    events: list[dict[str, Any]] = request.get("data") or request.get("batch") or [request]
    return [(source_id, event["event"], event["event_id"]) for event in events]


@dataclass
class Judgement:
    """The events, from all requests so far.

    Attributes:
        events: how many arrived, repeats included.
        first_at: when each event id was accepted first.
        arrivals: when each request was accepted, and how many events it carried.
    """

    events: int = 0
    seen: set[Identity] = field(default_factory=set)
    first_at: dict[str, float] = field(default_factory=dict)
    arrivals: list[tuple[float, int]] = field(default_factory=list)

    @property
    def distinct(self) -> int:
        """How many different events arrived."""
        return len(self.seen)

    def add(self, at: float, body: bytes) -> None:
        """Count the events of a request."""
        found = identities(body)
        self.events += len(found)
        self.seen.update(found)
        self.arrivals.append((at, len(found)))
        for _, _, event_id in found:
            self.first_at.setdefault(event_id, at)
