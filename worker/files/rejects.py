"""Write the refused entries of a file into a file of their own: one JSON object a line.

It has the place and the reason, never a value. It is written before the step that notes the entries
as done, so that a killed run omits none; the next run removes what it will write again.
"""

from __future__ import annotations

from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import orjson


@dataclass(frozen=True, slots=True)
class Refusal:
    """An entry that is no event.

    Attributes:
        unit: what `number` counts: a `line`, or in an array an `event`.
        number: from 1.
        path: dotted path in the event; empty for the whole event.
        message: the reason; quotes nothing of the file.
    """

    unit: str
    number: int
    path: str
    message: str

    def as_dict(self) -> dict[str, Any]:
        """Return the refusal as one JSON object."""
        return {self.unit: self.number, "path": self.path or None, "message": self.message}


class ErrorFile(AbstractContextManager["ErrorFile"]):
    """Takes refusals.

    Args:
        path: path of the file.
        done: number of the last entry whose refusal may be in the file already; 0 starts anew.

    Raises:
        OSError: it cannot be written.
    """

    def __init__(self, path: Path, *, done: int = 0) -> None:
        goes_on = done > 0 and path.exists()
        self._file = path.open("r+b" if goes_on else "wb")
        if goes_on:
            self._file.seek(self._end_of(done))
            self._file.truncate()

    def add(self, refusal: Refusal) -> None:
        """Write one refusal."""
        self._file.write(orjson.dumps(refusal.as_dict(), option=orjson.OPT_APPEND_NEWLINE))

    def flush(self) -> None:
        """Hand what was written to the system, so that it survives a kill of this process."""
        self._file.flush()

    def _end_of(self, done: int) -> int:
        """Return where the refusals up to an entry end; numbers grow, the last line may be torn."""
        end = 0
        for line in self._file:
            if not line.endswith(b"\n") or _number(line) > done:
                break
            end += len(line)
        return end

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_exc: object) -> None:
        self._file.close()


def _number(line: bytes) -> float:
    try:
        refusal = orjson.loads(line)
        return int(refusal.get("line") or refusal["event"])
    except (ValueError, TypeError, KeyError, AttributeError):
        return float("inf")  # not ours: it is removed
