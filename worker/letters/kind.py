"""The kind of a dead letter: what it has in common with others, so that a million can be counted.

A kind must not be as many as the letters, so what applications and answers write freely
(messages, event names, currencies) counts by its shape: numbers and quotations taken out.
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
"""So many characters of a shape are kept."""

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
    """A text without its numbers, hexadecimal ids and quotations, and not too long."""
    shape = _NUMBERS.sub(NUMBER, _QUOTED.sub(QUOTATION, text))
    return shape if len(shape) <= SHAPE_CHARS else shape[: SHAPE_CHARS - 1] + CUT


def is_whole(shape: str) -> bool:
    """Whether nothing was taken out of a shape: it is the text itself."""
    return not any(mark in shape for mark in (NUMBER, QUOTATION)) and len(shape) < SHAPE_CHARS


@dataclass(frozen=True, slots=True)
class Kind:
    """What letters have in common.

    Attributes:
        reason: why they died.
        code: the API's, if it refused them.
        field: what was wrong, without positions in lists.
        event: shape of the event's name.
        destination: where they were to go.
        currency: shape of the currency of their values.
        ambiguous: whether they may have been accepted unseen.
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
        """The kind of a letter."""
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
        """Read a kind from Redis; `None` when the text is not a kind."""
        return _read(document)

    @property
    def source(self) -> str:
        """The event source of the destination; empty when there is none."""
        return self.destination.partition(":")[0]

    @property
    def digest(self) -> str:
        """The name of the kind in Redis."""
        return _written(self)[0]

    def write(self) -> str:
        """Return it as it stands in Redis."""
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
