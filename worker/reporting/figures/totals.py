"""Totals: what was counted for each destination since the first start, to be scraped.

The first `MOST_NAMED` destinations of an installation have totals of their own, for ever; those
that come later share `OTHER`. So the number of totals is bounded, and none of them ever falls.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final, cast

from tiktok_events.outbox.store import Store
from worker.reporting.figures.cell import summed
from worker.reporting.figures.names import (
    ACCEPTED,
    ANY,
    DEAD,
    DELIVERED,
    LATENCY,
    LATENCY_SUM,
    REQUESTS,
)
from worker.reporting.figures.unfolded import Cells
from worker.reporting.stored import Fields, text_of, whole_of

MOST_NAMED: Final = 200
OTHER: Final = "other"
"""The name under which `fold.lua` counts all further destinations."""

Totals = Mapping[str, Mapping[str, int]]
"""Destination → figure → sum."""

_WHOLE: Final = frozenset({ACCEPTED, DELIVERED, REQUESTS, LATENCY_SUM})
_PARTS: Final = (DEAD, LATENCY)


def totals_of(cells: Cells) -> dict[str, dict[str, int]]:
    """Return what cells add to the totals: all hours and event names together."""
    found: dict[str, dict[str, int]] = {}
    for (_, destination), cell in cells.items():
        if destination != ANY:
            known = found.setdefault(destination, {})
            for figure, number in _kept(summed(cell)):
                known[figure] = known.get(figure, 0) + number
    return {destination: figures for destination, figures in found.items() if figures}


def read_totals(store: Store) -> dict[str, dict[str, int]]:
    """Return the totals of all shards; junk is left out.

    Raises:
        redis.RedisError: the server did not answer, or refused.
    """
    with store.redis.pipeline(transaction=False) as pipeline:
        for keys in store.shards:
            pipeline.hgetall(keys.totals)
        replies = pipeline.execute(raise_on_error=False)
    found: dict[str, dict[str, int]] = {}
    for reply in replies:
        fields = cast("dict[bytes, bytes]", Fields().reply("", reply, {}))
        for field, value in fields.items():
            figure, _, destination = text_of(field).partition(" ")
            if destination and (number := whole_of(value) or 0) > 0:
                known = found.setdefault(destination, {})
                known[figure] = known.get(figure, 0) + number
    return found


def _kept(figures: Mapping[str, int]) -> Iterator[tuple[str, int]]:
    for figure, number in figures.items():
        if number > 0 and (figure in _WHOLE or figure.startswith(_PARTS)):
            yield figure, number
