"""Find the events that make the API refuse a batch, in few requests.

The API refuses a batch as a whole. One poison among n events is found like this:

    the message names an event     send it alone; if it is refused, the rest goes at once
    it names none                  send one half; refused: search in it, and keep the other
                                   half aside; accepted: the poison is in the other half
    at the end                     what was kept aside travels together, and is searched
                                   in turn if it is refused

A refused part whose every other member has been accepted since has told the last one's own
message, so the last one is not sent again; only when no part was ever refused, just the whole,
it is: the refusal may have been a whim. A refusal for the batch's size proves nothing against
what has not been sent, so there nothing is inferred at all, and the rest travels in parts of
the size that was accepted.

One poison costs at most log2 n + 2 requests with the first, three when it is named; k of them
at most k · (log2 n + 2).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Final, Generic, TypeVar

from worker.attempts.verdict import Answer, Verdict, refused_for_size

T = TypeVar("T")

ISOLATING: Final = frozenset({Verdict.REJECTED, Verdict.UNCLEAR})
"""Verdicts that one event may have brought upon its whole batch."""

# Texts seen: "Batch.0.properties…" on 1.0; developers report "data[2]", "data.2", "index 2".
_NAMED_EVENT: Final = re.compile(
    r"\b(?:batch|data|index|events?)[\s.\[:=]{1,2}(\d{1,4})\b", re.IGNORECASE
)


@dataclass(slots=True)
class Isolated(Generic[T]):
    """What became of a refused batch.

    Attributes:
        delivered: accepted.
        refused: each with an answer of its own.
        left: not decided: the budget ran out, or the API stopped judging events.
        stopped_by: the answer that ended the search early, if one did; the first part of
            `left` met it, the others were not sent again.
        requests: how many the search made.
    """

    delivered: list[T] = field(default_factory=list)
    refused: list[tuple[T, Answer]] = field(default_factory=list)
    left: list[list[T]] = field(default_factory=list)
    stopped_by: Answer | None = None
    requests: int = 0


def isolate(
    events: Sequence[T],
    answer: Answer,
    send: Callable[[Sequence[T]], Answer],
    may_continue: Callable[[], bool],
) -> Isolated[T]:
    """Search a batch that was refused.

    Args:
        events: two or more, as they were sent.
        answer: the refusal.
        send: sends some of them; one request.
        may_continue: whether there is time for one more request.
    """
    return _Search(send, may_continue).run(list(events), answer)


class _Search(Generic[T]):
    def __init__(
        self, send: Callable[[Sequence[T]], Answer], may_continue: Callable[[], bool]
    ) -> None:
        self._send = send
        self._may_continue = may_continue
        self._result: Isolated[T] = Isolated()
        self._aside: list[T] = []
        self._trust_names = True
        self._fitting: int | None = None

    def run(self, events: list[T], answer: Answer) -> Isolated[T]:
        going = self._search(events, answer)
        while going and self._aside:
            suspects = self._back_from_aside()
            verdict = self._try(suspects)
            if verdict is None:
                break
            going = verdict.verdict is Verdict.DELIVERED or self._search(suspects, verdict)
        return self._result

    def _back_from_aside(self) -> list[T]:
        """All that is aside, or as many as fit since a size was refused."""
        count = self._fitting or len(self._aside)
        suspects, self._aside = self._aside[:count], self._aside[count:]
        return suspects

    def _search(self, suspects: list[T], refusal: Answer) -> bool:
        """Search a refused set down to one refused event; False when stopped."""
        a_part_was_refused = len(suspects) == 1  # it was sent alone
        while len(suspects) > 1:
            named = self._named(suspects, refusal)
            tried, others = _split(suspects, named)
            answer = self._try(tried, others)
            if answer is None:
                return False
            if answer.verdict is not Verdict.DELIVERED:
                self._aside += others
                suspects, refusal, a_part_was_refused = tried, answer, True
            elif refused_for_size(refusal):
                self._fitting = len(tried)
                self._aside += others
                return True
            else:
                # Only the others can have been meant, and a name that was given was wrong.
                self._trust_names = self._trust_names and named is None
                suspects = others
        return self._convict(suspects[0], refusal, proven=a_part_was_refused)

    def _convict(self, event: T, refusal: Answer, *, proven: bool) -> bool:
        if not proven:
            answer = self._try([event])
            if answer is None:
                return False
            if answer.verdict is Verdict.DELIVERED:
                return True
            refusal = answer
        self._result.refused.append((event, refusal))
        return True

    def _named(self, suspects: list[T], refusal: Answer) -> int | None:
        """Index of the event that the refusal names, if names have been right so far."""
        found = _NAMED_EVENT.search(refusal.message) if self._trust_names else None
        index = int(found[1]) if found else len(suspects)
        return index if index < len(suspects) else None

    def _try(self, events: list[T], others: Sequence[T] = ()) -> Answer | None:
        """Send some; None when the search must stop, with everything undecided left."""
        if not self._may_continue():
            self._leave(events, others)
            return None
        self._result.requests += 1
        answer = self._send(events)
        if answer.verdict is Verdict.DELIVERED:
            self._result.delivered += events
        elif answer.verdict not in ISOLATING:
            self._result.stopped_by = answer
            self._leave(events, others)
            return None
        return answer

    def _leave(self, *undecided: Sequence[T]) -> None:
        self._result.left = [list(part) for part in (*undecided, self._aside) if part]


def _split(suspects: list[T], named: int | None) -> tuple[list[T], list[T]]:
    if named is not None:
        return [suspects[named]], suspects[:named] + suspects[named + 1 :]
    half = (len(suspects) + 1) // 2
    return suspects[:half], suspects[half:]
