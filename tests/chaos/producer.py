"""What the application of the chaos suite hands over."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from tests.builders.producer import Producer

PIXELS: Final = tuple(f"C0CHAOS0PIXEL000000{number}" for number in range(3))
PAUSE_S: Final = 0.02
BULK: Final = 20
"""Events of every second call; the calls between hand over one. About 900 events a second."""


@dataclass(frozen=True, slots=True)
class Marked:
    """Events that something in the scenario recognises by their id.

    Attributes:
        prefix: how their ids begin.
        every: one of so many events is marked, the first one is the `every`-th.
        at_most: how many are.
    """

    prefix: str
    every: int
    at_most: int = 10**9

    def prefix_of(self, number: int) -> str:
        """How the id of an event begins, the events counted from 0."""
        round_, rest = divmod(number + 1, self.every)
        return self.prefix if rest == 0 and round_ <= self.at_most else "ord-"


def producer(redis_url: str, marked: Marked | None, spool_file: Path | None = None) -> Producer:
    """The application of the chaos suite: purchases for all pixels in turn."""

    def event(number: int) -> dict[str, Any]:
        prefix = marked.prefix_of(number) if marked else "ord-"
        return {
            "event": "Purchase",
            "event_source_id": PIXELS[number // BULK % len(PIXELS)],
            "event_id": f"{prefix}{number}",
            "properties": {"value": number, "currency": "EUR"},
            "page": {"url": "https://shop.example/thanks"},
        }

    return Producer(redis_url, event, pause_s=PAUSE_S, bulk=BULK, spool_file=spool_file)
