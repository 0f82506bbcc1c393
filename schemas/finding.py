"""What a check says: findings, and the event that is to be sent.

No path and no message ever holds a value of the event: it may be personal.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any, Final


class Kind(StrEnum):
    """What was done about what was found."""

    REMARK = "remark"
    """Nothing: somebody should know of it."""

    MENDED = "mended"
    """The value has one safe reading, and that is sent."""

    OMITTED = "left_out"
    """The value has none, so it is left out; the event goes without it."""


SALVAGED: Final = frozenset({Kind.MENDED, Kind.OMITTED})


@dataclass(frozen=True, slots=True)
class Finding:
    """One remark on one place of an event.

    Attributes:
        path: where, dotted, with list positions: ``properties.contents.0.price``; empty for the
            whole event.
        message: what is allowed, or what was changed.
        kind: what was done about it.
    """

    path: str
    message: str
    kind: Kind = Kind.REMARK

    def under(self, key: str) -> Finding:
        """Return the same remark, seen from the object that holds ``key``."""
        return replace(self, path=f"{key}.{self.path}" if self.path else key)


@dataclass(slots=True)
class Checked:
    """The outcome of a check; not frozen, which would quadruple the cost of making it.

    Attributes:
        event: the event as it is to be sent in ``data[]``. When there are errors it holds only the
            parts that passed, and must not be sent.
        errors: why it cannot be sent; empty for a valid event.
        warnings: what was mended, left out, or deserves a look; they never stop an event.
    """

    event: dict[str, Any] = field(repr=False)
    errors: tuple[Finding, ...] = ()
    warnings: tuple[Finding, ...] = ()

    @property
    def valid(self) -> bool:
        """Whether the event may be sent."""
        return not self.errors


@dataclass(frozen=True, slots=True)
class Noted:
    """A value that passed with remarks on the way; ``None`` as value means: leave the key out."""

    value: Any = field(repr=False)
    findings: tuple[Finding, ...] = ()


def note(value: Any, message: str, kind: Kind = Kind.REMARK) -> Noted:
    """Return ``value`` with one remark on it."""
    return Noted(value, (Finding("", message, kind),))


def mended(value: Any, message: str) -> Noted:
    """Return what is sent instead of what was given."""
    return note(value, message, Kind.MENDED)


def as_noted(value: Any) -> Noted:
    """Return a value of `load` as a `Noted` one."""
    return value if isinstance(value, Noted) else Noted(value)
