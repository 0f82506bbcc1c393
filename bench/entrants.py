"""Which designs can take part, and what is to be said about those that cannot, or did not."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from environments import InstallError, ensure
from program import ProgramError
from rounds import interleaved

from worker.cli.terminal import Bar

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from designs import Design

Result = TypeVar("Result")


class Notes:
    """What a reader of the tables has to know, in the order in which it came up."""

    def __init__(self) -> None:
        self.lines: list[str] = []

    def add(self, line: str) -> None:
        """Keep a line, once."""
        if line not in self.lines:
            self.lines.append(line)

    def attempt(self, design: Design, measure: Callable[[], Result]) -> Result | None:
        """Measure a design; note why if it cannot be, so that the others go on."""
        try:
            return measure()
        except ProgramError as error:
            self.add(f"{design.name}: failed, {str(error).strip().splitlines()[0]}")
            return None


def each_once(
    designs: Sequence[Design], notes: Notes, measure: Callable[[Design], Result], what: str
) -> dict[Design, Result]:
    """Measure every design once; those that cannot be are noted and left out.

    Args:
        designs: in the order of the tables.
        notes: takes what went wrong.
        measure: measures one.
        what: is measured, for the progress bar.
    """
    (found,) = interleaved(
        1,
        list(designs),
        lambda design: notes.attempt(design, lambda: measure(design)),
        lambda design: f"{what} of {design.name}",
    )
    return {design: one for design, one in found.items() if one is not None}


def ready(designs: Sequence[Design], notes: Notes) -> list[Design]:
    """Make the environments that are missing, and return the designs that have theirs."""
    missing: set[str] = set()
    with Bar("environments", len(designs)) as bar:
        for design in designs:
            try:
                ensure(design.peer)
            except InstallError as error:
                missing.add(design.name)
                notes.add(f"{design.name}: skipped, cannot be installed: {error}")
            bar.advance()
    return [design for design in designs if design.name not in missing]
