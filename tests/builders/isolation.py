"""An API that refuses batches for the events in them, and the search of its refusals."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from worker.attempts.verdict import Answer, Verdict
from worker.delivery.events_api import Exchange
from worker.delivery.isolation import Met, isolate

OK = Answer(Verdict.DELIVERED, code=0, message="OK")
MUTE = "Invalid value: not a valid string."
INDEXED = "Batch.{index}.properties.value: Not a valid number"

REFUSED_SIZES = [
    Answer(Verdict.REJECTED, code=40061, message="bad batch size"),
    Answer(Verdict.REJECTED, http_status=413, message="HTTP 413 without a code"),
]


def throttle() -> Answer:
    """Nothing that an event has done."""
    return Answer(Verdict.THROTTLED, code=40100)


@dataclass
class Api:
    """Refuses a batch that holds a poison, as a whole; the message is the poison's own.

    Attributes:
        poisons: events that are refused.
        says: text of the refusal; `{index}` is the poison's place in the batch.
        offset: added to that place: an API that counts from 1, or wrongly.
        largest: events of a request that is not refused for its size.
        size_answer: how a larger one is refused.
        whims: numbers of the requests that are refused for nothing.
        stops: number of a request → the answer it gets instead.
        requests: sizes of the requests so far, the first included.
        delivered: events that were accepted.
    """

    poisons: frozenset[int] = frozenset()
    says: str = MUTE
    offset: int = 0
    largest: int = 1_000_000
    size_answer: Answer = REFUSED_SIZES[0]
    whims: frozenset[int] = frozenset()
    stops: dict[int, Answer] = field(default_factory=dict)
    requests: list[int] = field(default_factory=list)
    delivered: list[int] = field(default_factory=list)

    def send(self, events: Sequence[int]) -> Exchange:
        """Send one request."""
        self.requests.append(len(events))
        answer = self._answer(events)
        if answer.verdict is Verdict.DELIVERED:
            self.delivered += events
        return Exchange(answer, float(len(self.requests)), 0.1)

    def _answer(self, events: Sequence[int]) -> Answer:
        if len(self.requests) in self.stops:
            return self.stops[len(self.requests)]
        if len(events) > self.largest:
            return self.size_answer
        if len(self.requests) in self.whims:
            return Answer(Verdict.REJECTED, code=40002, message="a whim")
        for index, event in enumerate(events):
            if event in self.poisons:
                says = self.says.format(index=index + self.offset)
                return Answer(Verdict.REJECTED, code=40002, message=says, request_id=f"of {event}")
        return OK


@dataclass
class Found:
    """What a search found, event by event.

    Attributes:
        delivered: accepted.
        refused: each with its own answer.
        left: undecided, by group.
        stopped_by: the answer that ended the search early.
    """

    delivered: list[int] = field(default_factory=list)
    refused: list[tuple[int, Answer]] = field(default_factory=list)
    left: list[list[int]] = field(default_factory=list)
    stopped_by: Answer | None = None

    @classmethod
    def of(cls, judged: Sequence[Met[int]]) -> Found:
        """Sort what the search returns."""
        found, groups = cls(), defaultdict[int, list[int]](list)
        for met in judged:
            if met.answer.verdict is Verdict.DELIVERED:
                found.delivered += met.events
            elif met.alone:
                found.refused += [(event, met.answer) for event in met.events]
            else:
                groups[met.group] += met.events
                if met.answer.verdict not in {Verdict.REJECTED, Verdict.UNCLEAR}:
                    found.stopped_by = met.answer
        found.left = [*groups.values()]
        return found


def search(
    api: Api, events: Sequence[int], may_continue: Callable[[], bool] = lambda: True
) -> Found:
    """Send a batch as the worker does: once whole, then as the search wants it."""
    return Found.of(isolate(events, api.send(events), api.send, may_continue))


def blamed(found: Found) -> dict[int, str | None]:
    """Each refused event, and whose refusal it was given."""
    return {event: answer.request_id for event, answer in found.refused}


def undecided(found: Found) -> list[int]:
    """What is left, in order."""
    return sorted(event for part in found.left for event in part)


def bound(events: int, poisons: int) -> int:
    """How many requests the search may need, the first included."""
    return math.ceil(poisons * (math.log2(events) + 2)) + 1
