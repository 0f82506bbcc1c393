"""Find out, in the search for bad events, whether everything is refused.

What is wrong with a destination (a deleted pixel, a rule that its every event breaks) makes the
API refuse each request alike. The search would then send each event alone and let it die of it.
So where nobody knows that the destination accepts anything, and the first few requests were
refused alike, some events from all over the batch are sent alone; see `worker.delivery.isolation`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Final, TypeVar

from worker.attempts.verdict import Answer, refused_for_size

T = TypeVar("T")

SUSPICIOUS: Final = 3
"""How many requests were refused alike, with none accepted, before events are sent alone."""

CHECKED: Final = 9
"""Events that are then sent alone: twelve requests in all. Where every second event is bad, these
nine are all bad in one batch of five hundred."""

_GOLDEN: Final = 0.6180339887498949
_NUMBER: Final = re.compile(r"\d+")


def spread(items: Sequence[T]) -> Iterator[T]:
    """Up to `CHECKED` items from all parts of a sequence, in no regular pattern."""
    seen: set[int] = set()
    step = 0
    while len(seen) < min(len(items), CHECKED):
        place = int(len(items) * (step * _GOLDEN % 1))
        step += 1
        if place not in seen:
            seen.add(place)
            yield items[place]


def alike(answers: Sequence[Answer]) -> bool:
    """Return whether all refuse for the same reason other than size, whichever event they name."""
    return all(
        answer.verdict.leads_to.kills
        and not refused_for_size(answer)
        and likeness(answer) == likeness(answers[0])
        for answer in answers
    )


def likeness(answer: Answer) -> tuple[int | None, int | None, str]:
    """Return what refusals for the same reason have in common."""
    return answer.code, answer.http_status, _NUMBER.sub("#", answer.message)
