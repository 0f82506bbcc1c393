"""Summarise figures for people and programs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

from worker.reporting.figures.cell import add
from worker.reporting.figures.names import (
    ACCEPTED,
    DEAD,
    DELIVERED,
    KEY,
    LATENCIES_S,
    LATENCY,
    LATENCY_SUM,
    REQUESTS,
    SALVAGED,
    THOUSANDTHS,
    VALUE,
    is_remark,
)
from worker.reporting.figures.reading import Row

SLOW_SHARE: Final = 0.95


def under(figures: Mapping[str, int], prefix: str) -> dict[str, int]:
    """Return the figures whose names begin with a prefix, by the rest of the name."""
    return {
        name.removeprefix(prefix): number
        for name, number in sorted(figures.items())
        if name.startswith(prefix) and number
    }


def values(figures: Mapping[str, int]) -> dict[str, float]:
    """Return currency → worth of what was delivered."""
    return {name: worth / THOUSANDTHS for name, worth in under(figures, VALUE).items()}


def dead(figures: Mapping[str, int]) -> int:
    """Return how many events died, for any reason."""
    return sum(under(figures, DEAD).values())


def slow_s(figures: Mapping[str, int], share: float = SLOW_SHARE) -> float | None:
    """Return within how many seconds this share was delivered, by the buckets' bounds."""
    counts = [figures.get(f"{LATENCY}{bound:g}", 0) for bound in LATENCIES_S]
    wanted, seen = sum(counts) * share, 0
    for bound, count in zip(LATENCIES_S, counts, strict=True):
        seen += count
        if count and seen >= wanted:
            return bound
    return None


def document(row: Row) -> dict[str, Any]:
    """Return a row as one JSON object; times are Unix seconds."""
    figures = row.figures
    return {
        "at": row.at,
        "ends_at": row.ends_at,
        "destination": row.destination,
        "event": row.event,
        "accepted": figures.get(ACCEPTED, 0),
        "delivered": figures.get(DELIVERED, 0),
        "dead": under(figures, DEAD),
        "salvaged": under(figures, SALVAGED),
        "remarks": {name: n for name, n in sorted(figures.items()) if is_remark(name)},
        "requests": figures.get(REQUESTS, 0),
        "keys": under(figures, KEY),
        "value": values(figures),
        "latency": under(figures, LATENCY),
        "latency_ms": figures.get(LATENCY_SUM, 0),
    }


def of_all_events(rows: Iterable[Row]) -> list[Row]:
    """Return one row for each time and destination, with the sums of all its events."""
    found: dict[tuple[int, int, str], dict[str, dict[str, int]]] = {}
    for row in rows:
        add(found.setdefault((row.at, row.ends_at, row.destination), {}), {"": row.figures})
    return [Row(*place, "", cell[""]) for place, cell in found.items()]
