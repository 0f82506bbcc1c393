"""What is wrong with a destinations file: all of it at once, each with its place and a remedy."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tiktok_events.errors import InvalidSetting

REMEDY: Final = "Correct the file."


@dataclass(frozen=True, slots=True)
class Problem:
    """One sentence that names the file, and what to do."""

    message: str
    remedy: str = REMEDY


class UnusableDestinations(InvalidSetting):
    """The destinations file cannot be used.

    Attributes:
        problems: every one that was found.
    """

    def __init__(self, problems: Sequence[Problem]) -> None:
        super().__init__("\n".join(problem.message for problem in problems))
        self.problems = tuple(problems)


class MissingVariable(ValueError):
    """A destination's token is in a variable that is not set.

    Attributes:
        variable: its name.
    """

    def __init__(self, variable: str) -> None:
        super().__init__(f"access_token_env names the variable {variable}, which is not set")
        self.variable = variable


class Problems:
    """Collects what is wrong with the tables of one file."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._found: list[Problem] = []

    @contextmanager
    def of_table(self, number: int) -> Iterator[None]:
        """Note what is wrong with one part of a table, and go on behind it."""
        try:
            yield
        except MissingVariable as error:
            remedy = f"Set {error.variable} where the worker starts, or name another variable."
            self._note(number, error, remedy)
        except ValueError as error:
            self._note(number, error, REMEDY)

    def _note(self, number: int, error: ValueError, remedy: str) -> None:
        self._found.append(Problem(f"{self._path}, destination {number}: {error}", remedy))

    def refuse(self) -> None:
        """Raise all that was noted.

        Raises:
            UnusableDestinations: something was.
        """
        if self._found:
            raise UnusableDestinations(self._found)
