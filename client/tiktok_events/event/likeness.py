"""Guess the name that was meant, in spite of case, separators and slips."""

from __future__ import annotations

import re
from collections.abc import Iterable
from difflib import get_close_matches
from typing import Final

_SEPARATORS: Final = re.compile(r"[\s_-]+")
_LIKENESS: Final = 0.83
"""Chosen so that a transposed pair in a name of six letters still counts as a slip."""


def bare(name: str) -> str:
    """Return the name without case, blanks, dashes and underscores."""
    return _SEPARATORS.sub("", name).lower()


def resembled(name: str, known: Iterable[str]) -> str | None:
    """Return the known name that ``name`` is probably a misspelling of."""
    spellings = {bare(one): one for one in sorted(known)}
    close = get_close_matches(bare(name), spellings, n=1, cutoff=_LIKENESS)
    return spellings[close[0]] if close else None


def with_hint(sentence: str, meant: str | None) -> str:
    """Return the sentence, followed by the question whether another name was meant."""
    return f"{sentence}; was {meant} meant?" if meant else sentence
