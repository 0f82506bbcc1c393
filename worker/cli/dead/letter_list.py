"""Many dead letters on a terminal: two lines each, what it was and what was wrong with it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import Final

from rich.text import Text

from worker.cli.dead.columns import Column, block_of
from worker.cli.dead.money import amount_text
from worker.cli.terminal import age, until
from worker.delivery.labels import Labels
from worker.letters.letter import DeadLetter

EXPIRED: Final = "expired"

TOGETHER: Final = 500
"""So many letters share their columns; the next get their own."""


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
        styles = ["" if one.recoverable(now) else "red" for one in some]
        columns = list(_columns(some, now, labels))
        yield block_of(columns, [one.message for one in some], styles, width)


def _columns(letters: Sequence[DeadLetter], now: float, labels: Labels) -> Iterator[Column]:
    column = Column.of
    amounts = (amount_text(one.stated_value, one.currency) for one in letters)
    yield column("id", (one.id for one in letters), middle=True, shrinks=False)
    yield column("event", (one.event or "" for one in letters))
    yield column("order", (one.order_id or "" for one in letters), middle=True)
    yield column("value", amounts, right=True, shrinks=False)
    yield column("destination", (labels.short(one.destination) for one in letters), middle=True)
    yield column("reason", map(_reason, letters), shrinks=False)
    yield column("died", (age(now - one.died_at) for one in letters), right=True, shrinks=False)
    expires = (until(one.expires_at, now, past=EXPIRED) for one in letters)
    yield column("expires", expires, right=True, shrinks=False)


def _reason(letter: DeadLetter) -> str:
    return letter.reason if letter.code is None else f"{letter.reason} {letter.code}"
