"""The entries of a file that were refused, as a file of their own: one JSON object a line.

It tells the place and the reason, never a value. It is on the disk's way before the step that
notes the entries as done, so that a run that is killed leaves none out; the next one takes away
what it will tell again.
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
        unit: what `number` counts: `line`, or in an array `event`.
        number: from 1.
        path: where in the event, dotted; empty for the whole.
        message: why; quotes nothing of the file.
    """

    unit: str
    number: int
    path: str
    message: str

    def as_dict(self) -> dict[str, Any]:
        """As one JSON object."""
        return {self.unit: self.number, "path": self.path or None, "message": self.message}


class ErrorFile(AbstractContextManager["ErrorFile"]):
    """Takes refusals.

    Args:
        path: where to write.
        done: number of the last entry whose refusal may stand there already; 0 begins anew.

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
        """Write one."""
        self._file.write(orjson.dumps(refusal.as_dict(), option=orjson.OPT_APPEND_NEWLINE))

    def flush(self) -> None:
        """Hand what was written to the system, where a kill does not reach it."""
        self._file.flush()

    def _end_of(self, done: int) -> int:
        """Where the refusals up to an entry end; the numbers grow, the last line may be torn."""
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
        return float("inf")  # not ours: it goes
