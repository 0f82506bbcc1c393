"""The events that make the API refuse a batch are found, in few requests, and alone blamed."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

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
        """One request."""
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
    """Requests, the first included, that the search may need."""
    return math.ceil(poisons * (math.log2(events) + 2)) + 1


# --- the promise ---------------------------------------------------------------------------


@given(
    size=st.integers(2, 200),
    seeds=st.sets(st.integers(0, 10**6), min_size=1, max_size=12),
    says=st.sampled_from([MUTE, INDEXED, "data[{index}]: no", "index {index} is bad"]),
    offset=st.integers(-1, 3),
)
@example(size=2, seeds={0, 1}, says=MUTE, offset=0)
@example(size=3, seeds={0, 1, 2}, says=INDEXED, offset=1)
def test_healthy_events_are_delivered_once_and_poisons_refused_with_their_own_message(
    size: int, seeds: set[int], says: str, offset: int
) -> None:
    """Whatever the poisons are, and whether an index is named, rightly or wrongly."""
    poisons = frozenset(seed % size for seed in seeds)
    api = Api(poisons, says=says, offset=offset)
    found = search(api, range(size))
    healthy = [event for event in range(size) if event not in poisons]
    assert healthy == sorted(api.delivered) == sorted(found.delivered)
    assert {poison: f"of {poison}" for poison in poisons} == blamed(found)
    assert (found.left, found.stopped_by) == ([], None)


@given(size=st.integers(2, 1_000), seeds=st.sets(st.integers(0, 10**6), min_size=1, max_size=20))
@example(size=2, seeds={0, 1})
def test_the_number_of_requests_is_bounded(size: int, seeds: set[int]) -> None:
    """Each poison costs the logarithm of the batch and two more at most."""
    poisons = frozenset(seed % size for seed in seeds)
    api = Api(poisons)
    found = search(api, range(size))
    assert len(api.requests) <= bound(size, len(poisons))
    assert {poison: f"of {poison}" for poison in poisons} == blamed(found)


def test_one_poison_in_a_thousand_costs_twelve_requests_wherever_it_stands() -> None:
    """At every place, the first request included."""
    counts = []
    for place in range(1_000):
        api = Api(frozenset({place}))
        assert blamed(search(api, range(1_000))) == {place: f"of {place}"}
        counts.append(len(api.requests))
    assert max(counts) == 12


@pytest.mark.parametrize(
    "says",
    [
        INDEXED,
        "batch.{index}.event_id: no",
        "data[{index}]: no",
        "data.{index}.value: no",
        "the event at index {index} is invalid",
        "Index: {index}",
        "event[{index}] is bad",
        "events.{index} is bad",
    ],
)
def test_a_named_poison_costs_three_requests_wherever_it_stands(says: str) -> None:
    """The batch, the poison alone, the rest."""
    for place in range(0, 1_000, 37):
        api = Api(frozenset({place}), says=says)
        found = search(api, range(1_000))
        assert blamed(found) == {place: f"of {place}"}
        assert api.requests == [1_000, 1, 999]


def test_several_named_poisons_cost_two_requests_each() -> None:
    """And one for the healthy rest."""
    api = Api(frozenset({3, 500, 998}), says=INDEXED)
    search(api, range(1_000))
    assert api.requests == [1_000, 1, 999, 1, 998, 1, 997]


@pytest.mark.parametrize("says", ["5 errors", "value 40: no", "top 3", "index 1000", "data[-1]"])
def test_a_number_that_names_no_event_is_not_believed(says: str) -> None:
    """The search halves at once, without a request for the wrong event."""
    api = Api(frozenset({7}), says=says)
    search(api, range(1_000))
    assert api.requests[1] == 500


@pytest.mark.parametrize("place", [0, 1, 499, 998, 999])
def test_an_api_that_counts_from_one_costs_one_more_request(place: int) -> None:
    """The first wrong name is the last one that is believed."""
    api = Api(frozenset({place}), says=INDEXED, offset=1)
    assert blamed(search(api, range(1_000))) == {place: f"of {place}"}
    assert len(api.requests) <= 13


def test_an_event_that_was_refused_alone_is_not_sent_again() -> None:
    """Both of two are poisons: the batch, the one, the other."""
    api = Api(frozenset({0, 1}))
    search(api, range(2))
    assert api.requests == [2, 1, 1]


def test_all_events_may_be_poisons() -> None:
    """Nothing is delivered, and each has its own message."""
    api = Api(frozenset(range(40)))
    found = search(api, range(40))
    assert {event: f"of {event}" for event in range(40)} == blamed(found)
    assert len(api.requests) <= bound(40, 40)


# --- what is nobody's fault ----------------------------------------------------------------


@pytest.mark.parametrize("size_answer", REFUSED_SIZES)
@pytest.mark.parametrize("largest", [1, 2, 7, 50, 99])
def test_a_refusal_for_size_blames_nobody(size_answer: Answer, largest: int) -> None:
    """Smaller parts are accepted, and all of them are sent."""
    api = Api(largest=largest, size_answer=size_answer)
    found = search(api, range(100))
    assert list(range(100)) == sorted(api.delivered)
    assert (found.refused, found.left) == ([], [])


@pytest.mark.parametrize("size_answer", REFUSED_SIZES)
def test_the_size_that_was_accepted_is_used_for_the_rest(size_answer: Answer) -> None:
    """A thousand events where a hundred are allowed: the limit is found once."""
    api = Api(largest=100, size_answer=size_answer)
    search(api, range(1_000))
    assert api.requests[:5] == [1_000, 500, 250, 125, 63]
    assert len(api.requests) == 5 + math.ceil((1_000 - 63) / 63)


@given(
    size=st.integers(2, 120),
    largest=st.integers(1, 60),
    seeds=st.sets(st.integers(0, 10**6), max_size=5),
)
def test_poisons_are_found_behind_a_refusal_for_size(
    size: int, largest: int, seeds: set[int]
) -> None:
    """Both at once: the limit is kept, the poisons are blamed, the others delivered."""
    poisons = frozenset(seed % size for seed in seeds)
    api = Api(poisons, largest=largest)
    refused = api.send(range(size))
    if refused.answer is OK:
        return
    found = Found.of(isolate(range(size), refused, api.send, lambda: True))
    assert {poison: f"of {poison}" for poison in poisons} == blamed(found)
    assert sorted(set(range(size)) - poisons) == sorted(api.delivered)


def test_an_event_that_is_too_large_alone_is_refused() -> None:
    """No smaller part can be made of it."""
    api = Api(largest=0)
    found = search(api, range(3))
    assert sorted(blamed(found)) == [0, 1, 2]
    assert {answer.code for _, answer in found.refused} == {40061}


@pytest.mark.parametrize("size", [2, 3, 10, 1_000])
def test_a_whim_about_the_whole_batch_blames_nobody(size: int) -> None:
    """Refused once, accepted in parts: the last event is asked about once more."""
    api = Api(whims=frozenset({1}))
    found = search(api, range(size))
    assert ([], list(range(size))) == (found.refused, sorted(api.delivered))


@given(size=st.integers(2, 64), whim=st.integers(2, 10))
def test_a_whim_about_a_part_costs_one_event_at_most(size: int, whim: int) -> None:
    """Its refusal was the API's word; the event can be replayed."""
    api = Api(frozenset({size - 1}), whims=frozenset({whim}))
    found = search(api, range(size))
    assert len(found.refused) <= 2
    assert sorted(range(size)) == sorted([*api.delivered, *blamed(found)])


# --- when it must stop ---------------------------------------------------------------------

STOPS = [
    throttle(),
    Answer(Verdict.TRANSIENT, code=50002),
    Answer(Verdict.AMBIGUOUS, message="ReadTimeout"),
    Answer(Verdict.CREDENTIAL, code=40105),
    Answer(Verdict.CONFIGURATION, code=41001),
]


@pytest.mark.parametrize("stop", STOPS, ids=lambda stop: stop.verdict.value)
@pytest.mark.parametrize("at", range(2, 13))
@pytest.mark.parametrize("place", [0, 333, 999])
def test_another_verdict_ends_the_search_at_once(stop: Answer, at: int, place: int) -> None:
    """What is decided stays decided, the rest is left, nobody else is blamed."""
    api = Api(frozenset({place}), stops={at: stop})
    found = search(api, range(1_000))
    if found.stopped_by is None:
        assert at > len(api.requests)  # it was over before
        return
    assert (stop, at) == (found.stopped_by, len(api.requests))
    assert set(blamed(found)) <= {place}
    assert sorted([*found.delivered, *blamed(found), *undecided(found)]) == list(range(1_000))
    assert place in {*blamed(found), *undecided(found)}


def test_the_part_that_met_the_stop_is_the_first_that_is_left() -> None:
    """Only it may have been accepted unseen."""
    api = Api(frozenset({9}), stops={3: STOPS[2]})
    found = search(api, range(10))
    assert found.left == [[5, 6, 7], [8, 9]]


@pytest.mark.parametrize("budget", range(12))
def test_the_search_ends_with_its_budget(budget: int) -> None:
    """No request more than there is time for; nothing is lost, nobody is blamed unproven."""
    api = Api(frozenset({333}))
    found = search(api, range(1_000), lambda: len(api.requests) < 1 + budget)
    assert len(api.requests) <= 1 + budget
    assert sorted([*found.delivered, *blamed(found), *undecided(found)]) == list(range(1_000))
    assert found.stopped_by is None
    assert set(blamed(found)) <= {333}


def test_without_any_budget_all_is_left_in_two_halves() -> None:
    """The next claim begins where this one ended."""
    found = search(Api(frozenset({0})), range(4), lambda: False)
    assert (found.left, found.delivered, found.refused) == ([[0, 1], [2, 3]], [], [])


@pytest.mark.parametrize("verdict", [Verdict.REJECTED, Verdict.UNCLEAR])
def test_an_unclear_answer_is_searched_like_a_refusal(verdict: Verdict) -> None:
    """A code that nobody knows may be one event's doing too."""

    def send(events: Sequence[int]) -> Exchange:
        return Exchange(Answer(verdict, code=20001) if 2 in events else OK, 1.0, 0.1)

    found = Found.of(isolate(range(4), send(range(4)), send, lambda: True))
    assert (sorted(found.delivered), [event for event, _ in found.refused]) == ([0, 1, 3], [2])


@given(
    size=st.integers(2, 40),
    seeds=st.sets(st.integers(0, 10**6), max_size=5),
    stop=st.integers(2, 9),
)
def test_each_event_has_all_answers_of_the_requests_that_carried_it(
    size: int, seeds: set[int], stop: int
) -> None:
    """In order, and none of a request that did not carry it."""
    api = Api(
        frozenset(seed % size for seed in seeds), whims=frozenset({1}), stops={stop: throttle()}
    )
    carried: dict[int, list[float]] = {event: [] for event in range(size)}

    def send(events: Sequence[int]) -> Exchange:
        exchange = api.send(events)
        for event in events:
            carried[event].append(exchange.started_at)
        return exchange

    judged = isolate(range(size), send(range(size)), send, lambda: True)
    met = {
        event: [one.started_at for one in part.exchanges]
        for part in judged
        for event in part.events
    }
    assert met == carried
