"""The labels that people give destinations in the destinations file."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final, Self

from tiktok_events.errors import InvalidDestination
from tiktok_events.event.addresses import holds_address
from tiktok_events.event.destination import Destination, checked_destination

LABEL_CHARS: Final = 40


def checked_label(value: object) -> str:
    """Return the label without outer blanks.

    Raises:
        ValueError: it is not a label.
    """
    text = value.strip() if isinstance(value, str) else ""
    if not text or len(text) > LABEL_CHARS or not text.isprintable() or holds_address(text):
        raise ValueError(
            f"label must be 1 to {LABEL_CHARS} printable characters, without an e-mail address"
        )
    return text


class Labels:
    """Labels by destination.

    Looking at dead letters needs no token, so even a file that no worker could use gives its
    labels here; what cannot be read has none.

    Args:
        known: (event_source, event_source_id) → label.
    """

    def __init__(self, known: Mapping[tuple[str, str], str] | None = None) -> None:
        self._known = dict(known or {})

    @classmethod
    def read(cls, path: Path | None) -> Self:
        """The labels in a destinations file."""
        return cls(dict(_labels(path)) if path else {})

    def of(self, key: str) -> str | None:
        """Return the label of a destination; `None` without one.

        Args:
            key: of the destination; may be junk.
        """
        try:
            known = Destination.from_key(key)
        except InvalidDestination:
            return None
        label = self._known.get((known.event_source, known.event_source_id))
        code = known.test_event_code
        return label if label is None or code is None else f"{label}, test {code}"

    def short(self, key: str) -> str:
        """Return the label alone, or the key if there is none."""
        return self.of(key) or key

    def key_of(self, label: str) -> str | None:
        """Return the key of the only destination with a label, in any case."""
        found = [source for source, known in self._known.items() if known.lower() == label.lower()]
        return Destination(*found[0]).key if len(found) == 1 else None


def _labels(path: Path) -> Iterator[tuple[tuple[str, str], str]]:
    try:
        document = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return
    tables = document.get("destinations")
    for table in tables if isinstance(tables, list) else ():
        if isinstance(table, dict) and "label" in table:
            yield from _label(table)


def _label(table: Mapping[str, Any]) -> Iterator[tuple[tuple[str, str], str]]:
    try:
        known = checked_destination(table.get("event_source", "web"), table.get("event_source_id"))
        label = checked_label(table["label"])
    except ValueError:
        return
    yield (known.event_source, known.event_source_id), label
