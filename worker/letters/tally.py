"""Add up what an edit of dead letters did, or would do."""

from __future__ import annotations

from collections import Counter
from collections.abc import Set as AbstractSet
from dataclasses import InitVar, dataclass, field
from typing import Final

from schemas import Finding
from worker.letters.letter import field_of
from worker.letters.repair import Outcome, Repair

EXAMPLES: Final = 3
"""How many letters are shown with their changes in full."""

KINDS_COUNTED: Final = 50
"""How many kinds of problems are shown; the others are counted together."""

OTHER: Final = ("", "other problems")
MEANWHILE: Final = Finding("", "was changed, replayed or purged meanwhile")


@dataclass(slots=True)
class Tally:
    """The repairs of a run, added up; memory use does not grow with their number.

    Attributes:
        counts: letters by outcome.
        problems: letters by place (without list positions) and problem.
        remarks: letters by place and remark.
        edited: some edited letters, as examples.
        left: some refused letters, by id.
        missing: ids that the operator named, and no letter has.
        examples: how many letters are shown with their changes in full.
        gone: letters that were named or counted, but no longer exist.
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
            repair: the repair of a letter.
            changed_meanwhile: whether the letter had been changed by somebody else.
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
        """How many letters stay unchanged although they were to change."""
        return self.counts[Outcome.REFUSED]


def _count(kinds: Counter[tuple[str, str]], findings: tuple[Finding, ...]) -> None:
    for kind in dict.fromkeys((field_of(one.path), one.message) for one in findings):
        kinds[kind if kind in kinds or len(kinds) < KINDS_COUNTED else OTHER] += 1
