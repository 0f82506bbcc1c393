"""Many dead letters on a terminal: two lines each, what it was and what was wrong with it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Final

from rich.cells import cell_len
from rich.text import Text

from worker.cli.dead.money import amount_text
from worker.cli.terminal import GAP, age, fitted, until
from worker.delivery.labels import Labels
from worker.letters.letter import DeadLetter

EXPIRED: Final = "expired"
UNKNOWN: Final = "-"

TOGETHER: Final = 500
"""So many letters share their columns; the next get their own."""

INDENT: Final = "  "
_LEAST: Final = 6


@dataclass(frozen=True, slots=True)
class Column:
    """One column of the list.

    Attributes:
        heading: its name.
        cells: what stands in it.
        right: whether it is aligned to the right.
        middle: whether both ends tell something, if it must be cut.
        shrinks: whether it may be cut.
    """

    heading: str
    cells: Sequence[str]
    right: bool = False
    middle: bool = False
    shrinks: bool = True

    @property
    def wanted(self) -> int:
        """The columns of the terminal that it would take."""
        return max(map(cell_len, (self.heading, *self.cells)))

    @property
    def says_nothing(self) -> bool:
        """Whether it could as well be left out."""
        return all(cell == UNKNOWN for cell in self.cells)


def letter_lines(
    letters: Iterable[DeadLetter], now: float, width: int, labels: Labels
) -> Iterator[Text]:
    """Letters as blocks of lines, none wider than `width`; memory does not grow with them.

    Args:
        letters: in order.
        now: Unix seconds.
        width: columns of the terminal.
        labels: what people call the destinations.
    """
    letters = iter(letters)
    while some := list(islice(letters, TOGETHER)):
        yield _block(some, now, width, labels)


def _block(letters: Sequence[DeadLetter], now: float, width: int, labels: Labels) -> Text:
    columns = [one for one in _columns(letters, now, labels) if not one.says_nothing]
    widths = _widths([one.wanted for one in columns], [one.shrinks for one in columns], width)
    headings = _line([one.heading for one in columns], columns, widths)
    block = Text(f"{headings}\n", style="", no_wrap=True)
    block.stylize("bold")
    for number, letter in enumerate(letters):
        line = _line([one.cells[number] for one in columns], columns, widths)
        block.append(f"{line}\n", style="" if letter.recoverable(now) else "red")
        message = fitted(letter.message, width - len(INDENT)).rstrip()
        block.append(f"{INDENT}{message}\n", style="dim")
    block.right_crop(1)
    return block


def _columns(letters: Sequence[DeadLetter], now: float, labels: Labels) -> Iterator[Column]:
    def all_of(heading: str, cells: Iterable[str], **how: bool) -> Column:
        return Column(heading, [cell or UNKNOWN for cell in cells], **how)

    yield all_of("id", (one.id for one in letters), middle=True, shrinks=False)
    yield all_of("event", (one.event or "" for one in letters))
    yield all_of("order", (one.order_id or "" for one in letters), middle=True)
    yield all_of("value", map(amount_text, letters), right=True, shrinks=False)
    yield all_of("destination", (labels.short(one.destination) for one in letters), middle=True)
    yield all_of("reason", map(_reason, letters), shrinks=False)
    yield all_of("died", (age(now - one.died_at) for one in letters), right=True, shrinks=False)
    expires = (until(one.expires_at, now, past=EXPIRED) for one in letters)
    yield all_of("expires", expires, right=True, shrinks=False)


def _reason(letter: DeadLetter) -> str:
    return letter.reason if letter.code is None else f"{letter.reason} {letter.code}"


def _widths(wanted: Sequence[int], shrinks: Sequence[bool], width: int) -> list[int]:
    """What each column gets: the widest of those that shrink gives way, until all fit."""
    widths = list(wanted)
    too_wide = sum(widths) + GAP * (len(widths) - 1) - width
    for group in (True, False):
        places = [place for place, one in enumerate(shrinks) if one is group]
        while too_wide > 0 and places:
            widest = max(places, key=widths.__getitem__)
            if widths[widest] <= _LEAST:
                break
            widths[widest] -= 1
            too_wide -= 1
    return widths


def _line(cells: Sequence[str], columns: Sequence[Column], widths: Sequence[int]) -> str:
    fields = (
        _field(cell, column, width)
        for cell, column, width in zip(cells, columns, widths, strict=True)
    )
    return (" " * GAP).join(fields).rstrip()


def _field(cell: str, column: Column, width: int) -> str:
    text = fitted(cell, width, middle=column.middle)
    return " " * (len(text) - len(text.rstrip())) + text.rstrip() if column.right else text
