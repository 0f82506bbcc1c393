"""What the sections of the comparison have in common: who takes part, how much, and what failed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, TypeVar

from bench.designs.catalogue import Design
from bench.lab.environments import InstallError, ensure
from bench.lab.program import ProgramError
from bench.lab.rounds import interleaved
from bench.lab.site import Course
from worker.cli.terminal import Bar

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

    def each_once(
        self, what: str, events: int, run: Callable[[Design, Course, int], dict[str, float]]
    ) -> list[dict[str, Any]]:
        """Run every design once, and return its figures; note and leave out what cannot be run."""
        scaled = self.scaled(events)
        (found,) = interleaved(
            1,
            self.designs,
            lambda one: self.attempt(one, lambda: run(one, self.course, scaled)),
            lambda one: f"{what} of {one.name}",
        )
        return [{"design": design.name, **one} for design, one in found.items() if one is not None]

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
