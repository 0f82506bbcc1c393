"""What the sections of the comparison have in common: who takes part, how much, and what failed."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeVar

from bench.lab.environments import InstallError, ensure
from bench.lab.program import ProgramError
from bench.lab.rounds import interleaved
from worker.cli.terminal import Bar

if TYPE_CHECKING:
    from collections.abc import Callable

    from bench.designs.catalogue import Design
    from bench.lab.site import Course

LEAST_EVENTS = 20

Result = TypeVar("Result")


@dataclass
class Comparison:
    """What is compared.

    Attributes:
        designs: in the order of the tables.
        rounds: of the rates.
        scale: of all numbers of events.
        course: what all runs have in common.
        notes: what a reader of the tables has to know, in the order in which it came up.
    """

    designs: list[Design]
    rounds: int
    scale: float
    course: Course
    notes: list[str] = field(default_factory=list)

    def scaled(self, events: int) -> int:
        """Return how many of so many events are sent."""
        return max(LEAST_EVENTS, round(events * self.scale))

    def note(self, line: str) -> None:
        """Keep a line, once."""
        if line not in self.notes:
            self.notes.append(line)

    def attempt(self, design: Design, measure: Callable[[], Result]) -> Result | None:
        """Measure a design; note why if it cannot be, so that the others go on."""
        try:
            return measure()
        except ProgramError as error:
            self.note(f"{design.name}: failed, {str(error).strip().splitlines()[0]}")
            return None

    def each_once(self, measure: Callable[[Design], Result], what: str) -> dict[Design, Result]:
        """Measure every design once; those that cannot be measured are noted and left out."""
        (found,) = interleaved(
            1,
            self.designs,
            lambda design: self.attempt(design, lambda: measure(design)),
            lambda design: f"{what} of {design.name}",
        )
        return {design: one for design, one in found.items() if one is not None}

    def make_environments(self) -> None:
        """Make the environments that are missing, and leave out the designs that have none."""
        with Bar("environments", len(self.designs)) as bar:
            for design in list(self.designs):
                try:
                    ensure(design.peer)
                except InstallError as error:
                    self.designs.remove(design)
                    self.note(f"{design.name}: skipped, cannot be installed: {error}")
                bar.advance()
