"""A dead letter as Redis stores it: a line that the scripts read, then its JSON.

The line holds what is needed to find and count the letter (`worker/lua/lib/letters.lua`), so that a
script can take it out of the index without decoding JSON.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import orjson

from worker.letters.kind import Kind
from worker.letters.ledger import Cell
from worker.letters.letter import DeadLetter
from worker.reporting.stored import is_timestamp, text_of


@dataclass(frozen=True, slots=True)
class Record:
    """A dead letter on its way into Redis.

    Attributes:
        kind: its kind.
        stored: the line and the JSON.
    """

    kind: Kind
    stored: str

    @classmethod
    def of(cls, letter: DeadLetter) -> Self:
        """Return the record of a letter."""
        kind = Kind.of(letter)
        cell = Cell.of(letter, kind)
        line = (
            f"{kind.digest} {letter.expires_at!r} {cell.deadline_hour} {cell.died_hour} "
            f"{cell.thousandths} {index_word(letter.event_id or '')}"
        )
        return cls(kind, f"{line}\n{letter.write()}")


def read_letter(letter_id: str, stored: bytes) -> DeadLetter:
    """Return the letter of a record."""
    line, _, document = stored.partition(b"\n")
    return DeadLetter.read(letter_id, text_of(line.partition(b" ")[0]), document)


def deadline_of(stored: bytes) -> float:
    """Return the deadline of a record, Unix seconds, without decoding its JSON; 0 without one."""
    _, _, rest = stored.partition(b" ")
    try:
        deadline = float(rest.partition(b" ")[0])
    except ValueError:
        return 0.0
    return deadline if is_timestamp(deadline) else 0.0


def index_word(event_id: str) -> str:
    r"""Return an event id as the index has it: without line breaks and NULs, escaped as in JSON."""
    return orjson.dumps(event_id)[1:-1].decode()
