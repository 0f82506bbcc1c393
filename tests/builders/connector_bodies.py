"""Request bodies in the shapes that public connectors send, and what must come of each.

Each line of the data is one body, with values of our own: `moved` says which path is read as which,
`left_out` what API 2.0 has no place for, `changed` what is sent for a value that is mended.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

_FILE: Final = Path(__file__).parents[1] / "data" / "connector_bodies.jsonl"
_OF_REQUEST: Final = ("event_source", "event_source_id", "test_event_code", "partner_name")
_OF_DESTINATION: Final = ("event_source", "event_source_id", "test_event_code")


@dataclass(frozen=True, slots=True)
class Body:
    """One body.

    Attributes:
        name: what is special about it.
        source: whose code or manual sends this shape.
        body: the body.
        moved: path → path at which it is sent.
        left_out: paths that are not sent.
        changed: path → value that is sent.
    """

    name: str
    source: str
    body: dict[str, Any]
    moved: dict[str, str]
    left_out: list[str]
    changed: dict[str, Any]

    @property
    def event(self) -> dict[str, Any]:
        """Its event as it is to be handed over: with its destination beside it."""
        if "data" not in self.body:
            return self.body
        (event,) = self.body["data"]
        known = {key: self.body[key] for key in _OF_REQUEST if key in self.body}
        return {**known, **event}

    def lost(self, sent: Any) -> list[str]:
        """Paths of values that should have been sent and were not, or in another sense."""
        return [
            path
            for path, value in _leaves(self.event)
            if path not in self.left_out
            and path not in _OF_DESTINATION
            and not self._is_sent(path, value, sent)
        ]

    def _is_sent(self, path: str, value: Any, sent: Any) -> bool:
        place = self.moved.get(path, path)
        if place == "event_source_id" or value is None:
            return True
        found = _at(sent, place)
        if place.startswith("user.") or place == "event_time":
            return found is not None
        return bool(_plain(found) == _plain(self.changed.get(path, value)))


def bodies() -> list[Body]:
    """All of them."""
    return [Body(**json.loads(line)) for line in _FILE.read_text("utf-8").splitlines()]


def _leaves(value: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    items = value.items() if isinstance(value, dict) else enumerate(value)
    for key, inner in items:
        below = f"{path}.{key}" if path else str(key)
        if isinstance(inner, dict | list):
            yield from _leaves(inner, below)
        else:
            yield below, inner


def _at(event: Any, path: str) -> Any:
    for step in path.split("."):
        if isinstance(event, list) and step.isdigit() and int(step) < len(event):
            event = event[int(step)]
        elif isinstance(event, dict) and step in event:
            event = event[step]
        elif not (step == "0" and isinstance(event, str)):
            return None
    return event


def _plain(value: Any) -> Any:
    """A value as text; a number in whatever notation."""
    try:
        return float(value)
    except (TypeError, ValueError):
        return str(value).strip().casefold()
