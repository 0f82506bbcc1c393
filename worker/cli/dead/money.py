"""What an event is worth, in words."""

from __future__ import annotations

from typing import Final

from worker.cli.terminal import printable

_CURRENCY_CHARS: Final = 5
"""A code has three letters; what has more is none, and is cut."""

_TEXT_CHARS: Final = 16

_LARGEST: Final = 10**12
"""What is more than that is no amount that anybody reads digit by digit."""


def amount_text(value: float | str | None, currency: str | None) -> str:
    """Value and currency: `59.98 EUR`; what is no number stands there as it is."""
    if value is None:
        return ""
    if isinstance(value, str):
        return printable(value, _TEXT_CHARS)
    amount = f"{value:,.2f}" if abs(value) < _LARGEST else f"{value:.4g}"
    return f"{amount} {printable(currency or '', _CURRENCY_CHARS)}".strip()
