"""Name the places of an event that were mended or left out, as they are counted.

A counter is kept for ever, so its name must be one of a bounded number: positions in lists are
left out of a path, and keys that nobody documents count together.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import Final

from schemas import Finding
from schemas.event import EVENTS
from schemas.finding import SALVAGED
from schemas.lists import ListOf
from schemas.objects import EventObject, Object

COUNTER: Final = "salvaged:"
UNDOCUMENTED: Final = "other"
"""Where keys count that are not documented, beside their documented kin."""


def counted_paths(warnings: Iterable[Finding]) -> frozenset[str]:
    """Return the places that were mended or left out in one event, each once."""
    return frozenset(counted_path(one.path) for one in warnings if one.kind in SALVAGED)


@lru_cache(maxsize=4_096)
def counted_path(path: str) -> str:
    """Return the path as it is counted: ``properties.contents.price`` for any position."""
    steps = [step for step in path.split(".") if not step.isdecimal()]
    known = ".".join(steps)
    if known in _DOCUMENTED:
        return known
    parent = ".".join(steps[:-1])
    return f"{parent}.{UNDOCUMENTED}" if parent in _DOCUMENTED else UNDOCUMENTED


def _paths(schema: EventObject, prefix: str = "") -> Iterator[str]:
    for key, field in schema.fields.items():
        yield prefix + key
        inner = field.item if isinstance(field, ListOf) else field
        if isinstance(inner, Object):
            yield from _paths(inner.schema, f"{prefix}{key}.")


_DOCUMENTED: Final = frozenset(path for schema in EVENTS.values() for path in _paths(schema))
