"""The way through the console: its screens, and how much waits in each."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from redis.exceptions import RedisError

if TYPE_CHECKING:
    from worker.serving.console.visit import Visit

SCREENS: Final = (
    ("Now", "/", "n"),
    ("Destinations", "/destinations", "d"),
    ("Dead letters", "/dead", "l"),
    ("Replays", "/replays", "r"),
    ("", "", ""),
    ("Find an event", "/trace", "t"),
    ("Figures", "/figures", "f"),
    ("Match keys", "/keys", "k"),
    ("", "", ""),
    ("Audit", "/audit", "a"),
    ("Privacy", "/privacy", "p"),
    ("Setup", "/setup", "s"),
)
"""Name, address and key of each; an empty one is a gap."""


@dataclass(frozen=True, slots=True)
class Item:
    """One screen.

    Attributes:
        name: of the screen.
        url: where it is.
        key: that leads there, behind a `g`.
        here: whether the reader is there.
        count: what waits in it, in words.
        harm: whether that is bad.
    """

    name: str
    url: str
    key: str
    here: bool
    count: str
    harm: bool


def rail(visit: Visit) -> list[Item]:
    """All screens; without counts while Redis does not answer."""
    path = visit.request.url.path
    try:
        counts = dict(_counts(visit))
    except RedisError:
        counts = {}
    return [
        Item(name, url, key, _is_here(path, url), *counts.get(url, ("", False)))
        for name, url, key in SCREENS
    ]


def _is_here(path: str, url: str) -> bool:
    return path == url if url in {"", "/"} else path == url or path.startswith(f"{url}/")


def _counts(visit: Visit) -> Iterator[tuple[str, tuple[str, bool]]]:
    figures = visit.desk.figures.get()
    if parked := sum(one.parked is not None for one in figures.destinations):
        yield "/destinations", (f"{parked:,} parked", True)
    if figures.dead:
        yield "/dead", (f"{figures.dead:,}", False)
    if running := len(visit.desk.running()):
        yield "/replays", (f"{running:,} running", False)
