"""What a dead letter is worth, in words."""

from __future__ import annotations

from typing import Final

from worker.cli.terminal import printable
from worker.letters.letter import DeadLetter

_CURRENCY_CHARS: Final = 5
"""A code has three letters; what has more is none, and is cut."""

_LARGEST: Final = 10**12
"""What is more than that is no amount that anybody reads digit by digit."""


def amount_text(letter: DeadLetter) -> str:
    """Value and currency: `59.98 EUR`; empty where the event has no value that can be read."""
    if letter.value is None:
        return ""
    amount = f"{letter.value:,.2f}" if abs(letter.value) < _LARGEST else f"{letter.value:.4g}"
    return f"{amount} {printable(letter.currency or '', _CURRENCY_CHARS)}".strip()
