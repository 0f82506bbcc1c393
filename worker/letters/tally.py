"""What an edit of dead letters did, or would do, added up."""

from __future__ import annotations

from collections import Counter
from collections.abc import Set as AbstractSet
from dataclasses import InitVar, dataclass, field
from typing import Final

from schemas import Finding
from worker.letters.letter import field_of
from worker.letters.repair import Outcome, Repair

EXAMPLES: Final = 3
"""So many letters are shown with their changes in full."""

KINDS_COUNTED: Final = 50
"""So many kinds of problems are shown; the others are counted together."""

OTHER: Final = ("", "other problems")
MEANWHILE: Final = Finding("", "was changed, replayed or purged meanwhile")


@dataclass(slots=True)
class Tally:
    """The repairs of a run, added up; memory does not grow with their number.

    Attributes:
        counts: letters by outcome.
        problems: letters by place (without positions) and problem.
        remarks: the same of what is worth a look.
        edited: some that are edited, to be shown.
        left: some that are refused, by id.
        missing: ids that the operator named, of letters that were not found.
        examples: so many letters are shown with their changes in full.
        gone: letters that were named or counted, and are not there any more.
    """

    named: InitVar[AbstractSet[str]]
    examples: int = EXAMPLES
    counts: Counter[Outcome] = field(default_factory=Counter)
    problems: Counter[tuple[str, str]] = field(default_factory=Counter)
    remarks: Counter[tuple[str, str]] = field(default_factory=Counter)
    edited: list[Repair] = field(default_factory=list)
    left: dict[str, tuple[Finding, ...]] = field(default_factory=dict)
    missing: set[str] = field(default_factory=set)
    gone: int = 0

    def __post_init__(self, named: AbstractSet[str]) -> None:
        self.missing |= named

    def add(self, repair: Repair, *, changed_meanwhile: bool = False) -> None:
        """Count one repair.

        Args:
            repair: of a letter.
            changed_meanwhile: whether the letter was not what it had been any more.
        """
        outcome = Outcome.REFUSED if changed_meanwhile else repair.outcome
        problems = (MEANWHILE,) if changed_meanwhile else repair.problems
        self.counts[outcome] += 1
        self.missing.discard(repair.old.id)
        _count(self.problems, problems)
        if outcome is Outcome.EDITED:
            _count(self.remarks, repair.remarks)
            self.edited += [repair] if len(self.edited) < self.examples else []
        elif outcome is Outcome.REFUSED and len(self.left) < self.examples:
            self.left[repair.old.id] = problems

    @property
    def total(self) -> int:
        """How many letters there are in all."""
        return self.counts.total()

    @property
    def refused(self) -> int:
        """How many letters stay as they are although they were to change."""
        return self.counts[Outcome.REFUSED]


def _count(kinds: Counter[tuple[str, str]], findings: tuple[Finding, ...]) -> None:
    for kind in dict.fromkeys((field_of(one.path), one.message) for one in findings):
        kinds[kind if kind in kinds or len(kinds) < KINDS_COUNTED else OTHER] += 1
