"""The result of a check, for `doctor` and for a worker at its start."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any


class Outcome(StrEnum):
    """How a check ended."""

    OK = "ok"
    WARNING = "warning"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Check:
    """The result of one check.

    Attributes:
        name: what was checked.
        outcome: how it ended.
        message: what was found, in words.
        remedy: what to do; empty if nothing.
    """

    name: str
    outcome: Outcome
    message: str
    remedy: str = ""

    def as_dict(self) -> dict[str, Any]:
        """Return it as one JSON object."""
        return asdict(self)
