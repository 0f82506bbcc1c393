"""A reader of files, as the commands read them."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from worker.files.cells import Locale
from worker.files.event_file import Entry
from worker.files.input_file import opened
from worker.files.reading import Reading, contents_of

BERLIN = Locale(ZoneInfo("Europe/Berlin"))


class Reader:
    """Reads files as the commands do."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.told: list[str] = []

    def entries(self, content: bytes, name: str = "orders.csv", **how: Any) -> list[Entry]:
        """The entries of a file of this content."""
        file = self.folder / name
        file.write_bytes(content)
        how.setdefault("locale", BERLIN)
        with (
            opened(str(file)) as source,
            contents_of(source, Reading(**how), self.told.append) as contents,
        ):
            return list(contents.entries)

    def events(self, content: bytes, name: str = "orders.csv", **how: Any) -> list[Any]:
        """The events of a file of this content."""
        return [entry.event or entry.problem for entry in self.entries(content, name, **how)]
