"""Read the bits of a URL-safe Base64 text, from the first on."""

from __future__ import annotations

from typing import Final

_ALPHABET: Final = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
_VALUES: Final = {char: number for number, char in enumerate(_ALPHABET)}

LONGEST: Final = 16_384
"""The longest text; a cookie holds 4,096 characters, and no vendor list needs more."""


class Bits:
    """Reads whole numbers from the bits.

    Args:
        text: Base64 in the URL-safe alphabet; padding at its end is ignored.

    Raises:
        ValueError: the text is empty, too long, or has another character.
    """

    def __init__(self, text: str) -> None:
        text = text.rstrip("=")
        if not 0 < len(text) <= LONGEST or not _VALUES.keys() >= set(text):
            raise ValueError("no web-safe Base64 text")
        self._bits = "".join(f"{_VALUES[char]:06b}" for char in text)
        self._at = 0

    def skip(self, bits: int) -> None:
        """Skip some bits."""
        self._at += bits

    def number(self, bits: int) -> int:
        """Return the number that the next bits encode.

        Raises:
            ValueError: fewer bits are left.
        """
        found = self._bits[self._at : self._at + bits]
        self._at += bits
        if len(found) < bits:
            raise ValueError("the text ends too early")
        return int(found, 2)

    def flag(self) -> bool:
        """Return whether the next bit is set."""
        return bool(self.number(1))

    def numbers_set(self, bits: int) -> frozenset[int]:
        """Return which of the next bits are set, counted from 1."""
        found = f"{self.number(bits):0{bits}b}" if bits else ""
        return frozenset(number for number, bit in enumerate(found, 1) if bit == "1")

    def fibonacci(self) -> int:
        """Return a number coded as a sum of Fibonacci numbers, which ends with two set bits.

        Raises:
            ValueError: the text ends first.
        """
        total, (this, following), before = 0, (1, 2), False
        while not ((bit := self.flag()) and before):
            total += this if bit else 0
            this, following, before = following, this + following, bit
        return total
