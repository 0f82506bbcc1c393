"""Rows of a list on a terminal, each with a line of its own below it, in the terminal's width."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final, Self

from rich.cells import cell_len
from rich.text import Text

from worker.cli.terminal import GAP, fitted

UNKNOWN: Final = "-"
INDENT: Final = "  "
_LEAST: Final = 6


@dataclass(frozen=True, slots=True)
class Column:
    """One column.

    Attributes:
        heading: its name.
        cells: what stands in it, of each row.
        right: whether it is aligned to the right.
        middle: whether both ends tell something, if it must be cut.
        shrinks: whether it gives way first.
    """

    heading: str
    cells: Sequence[str]
    right: bool = False
    middle: bool = False
    shrinks: bool = True

    @classmethod
    def of(cls, heading: str, cells: Iterable[str], **how: bool) -> Self:
        """A column that shows an empty cell as `UNKNOWN`."""
        return cls(heading, [cell or UNKNOWN for cell in cells], **how)

    @property
    def wanted(self) -> int:
        """The columns of the terminal that it would take."""
        return max(map(cell_len, (self.heading, *self.cells)))

    @property
    def says_nothing(self) -> bool:
        """Whether it could as well be left out."""
        return all(cell == UNKNOWN for cell in self.cells)

    def cell(self, row: int, width: int) -> str:
        """What stands in a row, in exactly so many columns."""
        text = fitted(self.cells[row], width, middle=self.middle)
        return _to_the_right(text) if self.right else text


def block_of(
    columns: Sequence[Column], below: Sequence[str], styles: Sequence[str], width: int
) -> Text:
    """Rows below their headings; no line is wider than `width`.

    Args:
        columns: those in which no row has anything are left out.
        below: what stands below each row; empty for nothing.
        styles: of each row.
        width: columns of the terminal.
    """
    said = [one for one in columns if not one.says_nothing]
    widths = _widths(said, width)
    headings = (
        fitted(one.heading, wide) if not one.right else _to_the_right(fitted(one.heading, wide))
        for one, wide in zip(said, widths, strict=True)
    )
    block = Text(no_wrap=True)
    block.append(_line(headings), style="bold")
    for row, (note, style) in enumerate(zip(below, styles, strict=True)):
        cells = (one.cell(row, wide) for one, wide in zip(said, widths, strict=True))
        block.append(f"\n{_line(cells)}", style=style)
        if note:
            block.append(f"\n{INDENT}{fitted(note, width - len(INDENT)).rstrip()}", style="dim")
    return block


def _widths(columns: Sequence[Column], width: int) -> list[int]:
    """What each column gets: the widest of those that shrink gives way, until all fit."""
    widths = [one.wanted for one in columns]
    too_wide = sum(widths) + GAP * (len(widths) - 1) - width
    for shrinking in (True, False):
        places = [place for place, one in enumerate(columns) if one.shrinks is shrinking]
        while too_wide > 0 and places:
            widest = max(places, key=widths.__getitem__)
            if widths[widest] <= _LEAST:
                break
            widths[widest] -= 1
            too_wide -= 1
    return widths


def _line(cells: Iterable[str]) -> str:
    return (" " * GAP).join(cells).rstrip()


def _to_the_right(text: str) -> str:
    kept = text.rstrip()
    return " " * (len(text) - len(kept)) + kept
