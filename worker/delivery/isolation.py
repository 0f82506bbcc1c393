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

Where nobody knows that the destination accepts anything, it may be that is refused, and not its
events. Then, after three requests that were refused alike and none that was accepted, some events
from all over the batch are sent alone. Refused alike too, they end the search, undecided for all
others; the first that is not goes on with it, for one request more.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Final, Generic, TypeVar

from worker.attempts.verdict import Answer, Verdict, refused_for_size
from worker.delivery.events_api import Exchange
from worker.delivery.spot_check import SUSPICIOUS, alike, spread

T = TypeVar("T")

# Texts seen: "Batch.0.properties…" on 1.0; developers report "data[2]", "data.2", "index 2".
_NAMED_EVENT: Final = re.compile(
    r"\b(?:batch|data|index|events?)[\s.\[:=]{1,2}(\d{1,4})\b", re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class Met(Generic[T]):
    """Events of a batch that the same requests carried, and what these were answered.

    Attributes:
        events: one or more.
        exchanges: every request that carried them, in order; the last one decides.
        alone: whether the last answer is about a single event: nothing else was sent with it,
            or everything else of the refused part has been accepted since.
        group: undecided events of different groups are not to be sent together again; counted
            from 1 by a search, 0 where there was none.
    """

    events: Sequence[T]
    exchanges: tuple[Exchange, ...]
    alone: bool
    group: int = 0

    @property
    def answer(self) -> Answer:
        """The last answer, which decides."""
        return self.exchanges[-1].answer


def isolate(
    events: Sequence[T],
    refused: Exchange,
    send: Callable[[Sequence[T]], Exchange],
    may_continue: Callable[[], bool],
    *,
    spot_check: bool = False,
) -> list[Met[T]]:
    """Search a batch that was refused.

    Args:
        events: two or more, as they were sent.
        refused: the request that carried all of them.
        send: sends some of them; one request.
        may_continue: whether there is time for one more request.
        spot_check: whether the destination may refuse everything.

    Returns:
        Each event once, with all the answers that it met. Its last answer accepted it, or
        refused it alone; where neither is so, it is undecided, because the time ran out or the
        API stopped judging events.
    """
    return _Search(events, send, may_continue, spot_check=spot_check).run(refused)


class _Search(Generic[T]):
    """The search in one batch; events are known by their places in it."""

    def __init__(
        self,
        events: Sequence[T],
        send: Callable[[Sequence[T]], Exchange],
        may_continue: Callable[[], bool],
        *,
        spot_check: bool,
    ) -> None:
        self._events = events
        self._send = send
        self._may_continue = may_continue
        self._exchanges: list[list[Exchange]] = []
        self._met: list[Met[T]] = []
        self._groups = itertools.count(1)
        self._aside: list[int] = []
        self._trust_names = True
        self._fitting: int | None = None
        self._spot_check = spot_check
        self._refusals: list[Answer] = []

    def run(self, refused: Exchange) -> list[Met[T]]:
        self._exchanges = [[refused] for _ in self._events]
        self._refusals.append(refused.answer)
        going = self._search(list(range(len(self._events))), refused.answer)
        while going and self._aside:
            suspects = self._back_from_aside()
            answer = self._try(suspects)
            if answer is None:
                break
            going = answer.verdict is Verdict.DELIVERED or self._search(suspects, answer)
        return self._met

    def _back_from_aside(self) -> list[int]:
        """All that is aside, or as many as fit since a size was refused."""
        count = self._fitting or len(self._aside)
        suspects, self._aside = self._aside[:count], self._aside[count:]
        return suspects

    def _search(self, suspects: list[int], refusal: Answer) -> bool:
        """Search a refused set down to one refused event; False when stopped."""
        a_part_was_refused = len(suspects) == 1  # it was sent alone
        while len(suspects) > 1:
            if self._may_be_the_destination():
                return self._check(suspects, refusal)
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
        return self._convict(suspects, proven=a_part_was_refused)

    def _convict(self, suspect: list[int], *, proven: bool) -> bool:
        """End the only suspect left; False when that needed a request and had to stop."""
        if not proven:
            answer = self._try(suspect)
            if answer is None or answer.verdict is Verdict.DELIVERED:
                return answer is not None
        self._end(suspect, alone=True)
        return True

    def _named(self, suspects: list[int], refusal: Answer) -> int | None:
        """Index of the event that the refusal names, if names have been right so far."""
        found = _NAMED_EVENT.search(refusal.message) if self._trust_names else None
        index = int(found[1]) if found else len(suspects)
        return index if index < len(suspects) else None

    def _try(self, tried: list[int], others: Sequence[int] = ()) -> Answer | None:
        """Send some events; ``None`` when the search must stop: all that is undecided has ended."""
        if not self._may_continue():
            self._leave(tried, others)
            return None
        exchange = self._send([self._events[place] for place in tried])
        self._note(tried, exchange)
        verdict = exchange.answer.verdict
        if verdict is Verdict.DELIVERED:
            self._spot_check = False
            self._end(tried, alone=len(tried) == 1)
        elif not verdict.leads_to.isolates:
            self._leave(tried, others)
            return None
        else:
            self._refusals.append(exchange.answer)
        return exchange.answer

    def _may_be_the_destination(self) -> bool:
        return self._spot_check and len(self._refusals) >= SUSPICIOUS and alike(self._refusals)

    def _check(self, suspects: list[int], refusal: Answer) -> bool:
        """Send some of all events alone, until one is not refused alike; False when stopped."""
        self._spot_check = False
        aside, self._aside = self._aside, []
        others = [*suspects, *aside]
        refusals = len(self._refusals)
        for place in spread(others):
            others = [one for one in others if one != place]
            answer = self._try([place], others)
            if answer is None:
                return False
            if answer.verdict is Verdict.DELIVERED:
                break
            self._end([place], alone=True)
            if not alike([answer, refusal]):
                break
        else:
            self._leave(others)
            return False
        left = [one for one in suspects if one in others]
        if len(left) == 1 or len(self._refusals) > refusals:
            self._aside = others  # those to blame may be among the events that were checked
            return True
        self._aside = [one for one in aside if one in others]
        return self._search(left, replace(refusal, message=""))  # a name would count all of them

    def _note(self, places: Iterable[int], exchange: Exchange) -> None:
        for place in places:
            self._exchanges[place].append(exchange)

    def _leave(self, *undecided: Sequence[int]) -> None:
        for places in (*undecided, self._aside):
            self._end(places, alone=False)

    def _end(self, places: Sequence[int], *, alone: bool) -> None:
        """End these events as decided, or as undecided together."""
        group = next(self._groups)
        by_exchanges: dict[tuple[int, ...], list[int]] = {}
        for place in places:
            by_exchanges.setdefault(tuple(map(id, self._exchanges[place])), []).append(place)
        for same in by_exchanges.values():
            events = [self._events[place] for place in same]
            self._met.append(Met(events, tuple(self._exchanges[same[0]]), alone, group))


def _split(suspects: list[int], named: int | None) -> tuple[list[int], list[int]]:
    if named is not None:
        return [suspects[named]], suspects[:named] + suspects[named + 1 :]
    half = (len(suspects) + 1) // 2
    return suspects[:half], suspects[half:]
