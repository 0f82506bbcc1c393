"""Coverage on a terminal: for each destination a table of its events and their match keys."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import Final

from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from worker.cli.labelled import labelled
from worker.cli.terminal import cell, plain_table
from worker.operations.quality.coverage import Coverage

_ALWAYS: Final = 0.995
"""A match key with at least this share reads 100 %."""

_NAME_CHARS: Final = 60
_EVENT_CHARS: Final = 20
_KEYS_BESIDE: Final = 8
"""As many match keys stand beside each other in 100 columns."""


def coverage_tables(found: Sequence[Coverage]) -> Iterator[RenderableType]:
    """Yield, for each destination, its name, a table, and the keys that no event lacks."""
    for destination, group in groupby(found, lambda one: one.destination):
        ones = list(group)
        keys = _keys_by_share(ones)
        full = [key for key in keys if _never_lacks(ones, key)]
        yield cell(labelled(destination, _NAME_CHARS), style="bold")
        lacking = [key for key in keys if key not in full]
        for start in range(0, len(lacking), _KEYS_BESIDE):
            yield _table(ones, lacking[start : start + _KEYS_BESIDE])
        if full:
            yield f"100 %: {' · '.join(full)}"
        yield ""


def share_text(one: Coverage) -> str:
    """One share: `email 71 % (-3)`."""
    points = "" if one.usual is None else f" ({_points(one):+d})"
    return f"{one.key} {one.share * 100:.0f} %{points}"


def _keys_by_share(ones: Sequence[Coverage]) -> list[str]:
    """The match keys of a destination, the most frequent first."""
    hits: dict[str, float] = {}
    for one in ones:
        hits[one.key] = hits.get(one.key, 0.0) + one.share * one.events
    return sorted(hits, key=lambda key: (-hits[key], key))


def _never_lacks(ones: Sequence[Coverage], key: str) -> bool:
    """Whether every event name has this key, so that a column of it would say nothing."""
    events = {one.event for one in ones}
    full = {one.event for one in ones if one.key == key and one.share >= _ALWAYS}
    return full == events


def _table(ones: Sequence[Coverage], keys: Sequence[str]) -> Table:
    table = plain_table("event")
    for heading in ("events", *(key.replace("_", "\n") for key in keys)):
        table.add_column(heading, justify="right", no_wrap=True)
    for event, group in groupby(ones, lambda one: one.event):
        by_key = {one.key: one for one in group}
        count = next(iter(by_key.values())).events
        shares = (_share(by_key.get(key)) for key in keys)
        table.add_row(cell(event or "-", _EVENT_CHARS), f"{count:,}", *shares)
    return table


def _share(one: Coverage | None) -> Text:
    """`71 %`, and the change in points if there is one: `71 % -3`."""
    if one is None:
        return Text("-")
    changed = "" if one.usual is None or not _points(one) else f" {_points(one):+d}"
    return Text(f"{one.share * 100:.0f} %{changed}", style="bold red" if one.is_rarer else "")


def _points(one: Coverage) -> int:
    return 0 if one.usual is None else round((one.share - one.usual) * 100)
