"""Purge dead letters, after counting what would be lost."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from itertools import islice
from typing import Any

from worker.letters.dead_letters import PAGE, DeadLetter, DeadLetters
from worker.letters.filter import LetterFilter
from worker.letters.kind import shape_of


@dataclass(slots=True)
class Doomed:
    """What is to be purged: number and worth.

    Attributes:
        letters: number of letters to be purged.
        recoverable: how many of them could still be sent.
        reasons: letters by reason.
        money: their values by currency.
    """

    letters: int = 0
    recoverable: int = 0
    reasons: Counter[str] = field(default_factory=Counter)
    money: dict[str, float] = field(default_factory=dict)

    def add(self, letter: DeadLetter, now: float) -> None:
        """Count one letter."""
        self.letters += 1
        self.recoverable += letter.recoverable(now)
        self.reasons[letter.reason] += 1
        if letter.value is not None and letter.currency:
            # Its shape: what is no currency may be anything, and as many as the letters.
            currency = shape_of(letter.currency)
            self.money[currency] = self.money.get(currency, 0.0) + letter.value

    def as_dict(self) -> dict[str, Any]:
        """Return it as the keys of one JSON object."""
        money = {currency: round(amount, 2) for currency, amount in self.money.items()}
        return {
            "recoverable": self.recoverable,
            "reasons": dict(self.reasons.most_common()),
            "money": money,
        }


def until_now(selection: LetterFilter) -> LetterFilter:
    """Select only letters that exist when they are counted: those that die meanwhile stay."""
    if selection.ids or selection.until is not None:
        return selection
    return replace(selection, until=time.time())


def count_doomed(
    letters: DeadLetters, selection: LetterFilter, tell: Callable[[int], None]
) -> Doomed:
    """Count what a purge would remove; call `tell` for each letter."""
    doomed, now = Doomed(), time.time()
    for letter in letters.find(selection):
        doomed.add(letter, now)
        tell(1)
    return doomed


def purge_all(
    letters: DeadLetters, selection: LetterFilter, step: str, tell: Callable[[int], None]
) -> int:
    """Purge all that match, a page at a time; return how many were purged.

    Args:
        letters: the letters to search.
        selection: which of them to purge.
        step: step of the act that counts them (`Act.step`).
        tell: is called after each page.
    """
    found, purged = letters.find(selection), 0
    while part := list(islice(found, PAGE)):
        purged += letters.purge(part, step=step)
        tell(len(part))
    return purged
