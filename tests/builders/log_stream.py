"""A stream that a log is written to, and read from."""

from __future__ import annotations

import io
from typing import Any

import orjson


class Stream(io.StringIO):
    """A stream that may claim to be a terminal."""

    def __init__(self, *, terminal: bool = False) -> None:
        super().__init__()
        self._terminal = terminal

    def isatty(self) -> bool:
        """Claim to be a terminal."""
        return self._terminal

    def lines(self) -> list[dict[str, Any]]:
        """What was written, as JSON lines."""
        return [orjson.loads(line) for line in self.getvalue().splitlines()]

    def line(self) -> dict[str, Any]:
        """The only line that was written."""
        (only,) = self.lines()
        return only
