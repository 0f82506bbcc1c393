"""The kind of a dead letter: what it shares with others, so that a million can be counted.

There must be far fewer kinds than letters, so free texts of applications and answers (messages,
event names, currencies) count by their shape, without numbers and quotations.
"""

from __future__ import annotations

import re
from dataclasses import astuple, dataclass
from functools import lru_cache
from hashlib import sha256
from types import NoneType
from typing import Final, Self

import orjson

from worker.letters.letter import DeadLetter
from worker.reporting.stored import document_of

SHAPE_CHARS: Final = 80
"""How many characters of a shape are kept."""

DIGEST_CHARS: Final = 16

KINDS_KNOWN: Final = 65_536
"""A kind never changes, and every look reads all of them: so many are decoded once, some 40 MB."""

NUMBER: Final = "#"
QUOTATION: Final = '"…"'
CUT: Final = "…"

_QUOTED: Final = re.compile(r"\"[^\"]*\"|`[^`]*`|“[^”]*”|(?<!\w)'[^']*'(?!\w)")
# Whole words of hexadecimal digits first, because parts of them would be as varied.
_NUMBERS: Final = re.compile(r"(?i)(?<![a-z\d])[a-f\d-]*\d[a-f\d-]*(?![a-z\d])|\d+")


def shape_of(text: str) -> str:
    """Return a text without its numbers, hexadecimal ids and quotations, and shortened."""
    shape = _NUMBERS.sub(NUMBER, _QUOTED.sub(QUOTATION, text))
    return shape if len(shape) <= SHAPE_CHARS else shape[: SHAPE_CHARS - 1] + CUT


def is_whole(shape: str) -> bool:
    """Return whether a shape is the text itself, with nothing taken out."""
    return not any(mark in shape for mark in (NUMBER, QUOTATION)) and len(shape) < SHAPE_CHARS


@dataclass(frozen=True, slots=True)
class Kind:
    """What letters have in common.

    Attributes:
        reason: why they died.
        code: the API's, if it refused them.
        field: the field that was wrong, without list positions.
        event: shape of the event's name.
        destination: the destination's key.
        currency: shape of the currency of their values.
        ambiguous: whether the events may have been accepted without our knowing.
        message: shape of the message.
    """

    reason: str
    code: int | None
    field: str | None
    event: str | None
    destination: str
    currency: str | None
    ambiguous: bool
    message: str

    @classmethod
    def of(cls, letter: DeadLetter) -> Self:
        """Return the kind of a letter."""
        return cls(
            reason=letter.reason,
            code=letter.code,
            field=letter.field,
            event=letter.event and shape_of(letter.event),
            destination=letter.destination,
            currency=letter.currency and shape_of(letter.currency),
            ambiguous=letter.ambiguous,
            message=shape_of(letter.message),
        )

    @classmethod
    def read(cls, document: bytes) -> Kind | None:
        """Return the kind that a text in Redis is, or `None`."""
        return _read(document)

    @property
    def source(self) -> str:
        """The event source of the destination; empty without one."""
        return self.destination.partition(":")[0]

    @property
    def digest(self) -> str:
        """The name of the kind in Redis."""
        return _written(self)[0]

    def write(self) -> str:
        """Return the kind as Redis stores it."""
        return _written(self)[1]


_TEXT: Final = (str,)
_TEXT_OR_NONE: Final = (str, NoneType)
_CHECKS: Final[tuple[tuple[type, ...], ...]] = (
    _TEXT,
    (int, NoneType),
    _TEXT_OR_NONE,
    _TEXT_OR_NONE,
    _TEXT,
    _TEXT_OR_NONE,
    (bool,),
    _TEXT,
)
"""Types of the attributes of a kind, in order."""


@lru_cache(maxsize=KINDS_KNOWN)
def _read(document: bytes) -> Kind | None:
    known = document_of(document)
    if not isinstance(known, list) or len(known) != len(_CHECKS):
        return None
    fits = all(isinstance(value, kind) for value, kind in zip(known, _CHECKS, strict=True))
    return Kind(*known) if fits else None


@lru_cache(maxsize=1_000)
def _written(kind: Kind) -> tuple[str, str]:
    document = orjson.dumps(astuple(kind))
    return sha256(document).hexdigest()[:DIGEST_CHARS], document.decode()
