"""A batch is searched only where not everything is refused."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from worker.attempts.verdict import Answer, Verdict
from worker.delivery.destination_fault import ALIKE, MIXED_S, DestinationFaults
from worker.delivery.events_api import Exchange
from worker.delivery.isolation import Met, isolate
from worker.delivery.spot_check import CHECKED, SUSPICIOUS, alike, spread

OK = Answer(Verdict.DELIVERED, code=0)
NO = Answer(Verdict.REJECTED, code=40002, message="Invalid value for 3 events.")
NAMED = Answer(Verdict.REJECTED, code=40002, message="Batch.0.event_id: no")
PIXEL = "web:C0PIXEL"
NOW = 1_795_000_000.0


class Api:
    """Refuses a request that holds a bad event; counts requests and what each event met."""

    def __init__(
        self, is_bad: Callable[[int], bool], stops: dict[int, Answer] | None = None
    ) -> None:
        self.is_bad = is_bad
        self.stops = stops or {}
        self.requests = 0
        self.carried: Counter[int] = Counter()

    def send(self, events: Sequence[int]) -> Exchange:
        """One request."""
        self.requests += 1
        self.carried.update(events)
        answer = NO if any(map(self.is_bad, events)) else OK
        return Exchange(self.stops.get(self.requests, answer), float(self.requests), 0.1)

    def judge(self, size: int, requests: int = 10**6) -> list[Met[int]]:
        """A batch of so many, with the time for so many requests."""
        events = range(size)
        first = self.send(events)
        assert first.answer is NO
        return isolate(events, first, self.send, lambda: self.requests < requests, spot_check=True)


def ends(judged: Sequence[Met[int]]) -> tuple[set[int], set[int], set[int]]:
    """Delivered, refused alone, undecided; each event is in one of them, once."""
    delivered, refused, undecided = set[int](), set[int](), set[int]()
    for met in judged:
        found = delivered if met.answer is OK else refused if met.alone else undecided
        assert not found & set(met.events)
        found |= set(met.events)
    return delivered, refused, undecided


@pytest.mark.parametrize("size", [10, 12, 200, 1_000])
def test_where_all_are_refused_twelve_requests_tell(size: int) -> None:
    """Everything but what was sent alone is undecided."""
    api = Api(lambda _: True)
    delivered, refused, undecided = ends(api.judge(size))
    assert (api.requests, len(delivered), len(refused)) == (SUSPICIOUS + CHECKED, 0, CHECKED)
    assert len(undecided) == size - CHECKED


def test_where_each_refusal_names_an_event_twelve_requests_tell_too() -> None:
    """The first that is named is sent alone before anything is suspected."""
    api = Api(lambda _: True, dict.fromkeys(range(100), NAMED))
    events = range(200)
    judged = isolate(events, api.send(events), api.send, lambda: True, spot_check=True)
    assert api.requests <= 12
    assert sum(met.alone for met in judged) >= ALIKE


@given(
    size=st.integers(2, 120),
    bad=st.sets(st.integers(0, 10**6), min_size=1, max_size=8),
    requests=st.integers(1, 60),
    stop=st.integers(2, 60),
)
def test_each_event_ends_once_with_what_it_met(
    size: int, bad: set[int], requests: int, stop: int
) -> None:
    """Whatever is bad, and whether the time runs out or the API stops to judge."""
    wrong = {one % size for one in bad}
    api = Api(wrong.__contains__, {stop: Answer(Verdict.THROTTLED, code=40100)})
    judged = api.judge(size, requests)
    assert sorted(event for met in judged for event in met.events) == list(range(size))
    assert {e: len(met.exchanges) for met in judged for e in met.events} == dict(api.carried)
    delivered, refused, _ = ends([m for m in judged if m.answer.verdict is not Verdict.THROTTLED])
    assert not delivered & wrong
    assert refused <= wrong


@given(size=st.integers(20, 500), bad=st.sets(st.integers(0, 10**6), min_size=1, max_size=5))
def test_with_time_every_bad_event_is_found(size: int, bad: set[int]) -> None:
    """And no other."""
    wrong = {one % size for one in bad}
    delivered, refused, undecided = ends(Api(wrong.__contains__).judge(size))
    if undecided:  # all that were checked were bad
        assert refused <= wrong
    else:
        assert (delivered, refused) == (set(range(size)) - wrong, wrong)


@pytest.mark.parametrize("every", [2, 3, 4, 5])
@pytest.mark.parametrize("size", [64, 100, 200])
def test_a_pattern_in_the_batch_is_not_missed(size: int, every: int) -> None:
    """One good event of every so many is enough to search."""
    _, _, undecided = ends(Api(lambda event: event % every != 0).judge(size))
    assert undecided == set()


@given(size=st.integers(1, 2_000))
def test_places_are_all_over_the_batch(size: int) -> None:
    """Each once, each within it, in every third of it."""
    places = list(spread(range(size)))
    assert len(places) == len(set(places)) == min(size, CHECKED)
    assert set(places) <= set(range(size))
    if size >= CHECKED:
        assert {3 * place // size for place in places} == {0, 1, 2}


@pytest.mark.parametrize(
    ("other", "expected"),
    [
        (NO, True),
        (Answer(Verdict.REJECTED, code=40002, message="Invalid value for 17 events."), True),
        (Answer(Verdict.REJECTED, code=40002, message="Invalid value for 3 users."), False),
        (Answer(Verdict.REJECTED, code=40000, message=NO.message), False),
        (Answer(Verdict.UNCLEAR, code=40002, message=NO.message), False),
        (OK, False),
    ],
)
def test_refusals_are_alike_but_for_the_event_they_name(other: Answer, *, expected: bool) -> None:
    """The same code and the same words."""
    assert alike([NO, other]) is expected


def test_a_refusal_for_size_is_nobodys() -> None:
    """However many of them."""
    size = Answer(Verdict.REJECTED, code=40061, message="bad batch size")
    assert not alike([size, size])


def test_one_bad_event_costs_one_request_more_at_most() -> None:
    """Where the first parts are refused; in the others nothing is checked."""
    for place in range(0, 1_000, 7):
        api = Api({place}.__contains__)
        assert ends(api.judge(1_000))[1] == {place}
        assert api.requests <= 12 + (place < 250)


# --- what is known of a destination ---------------------------------------------------------


def alone(answer: Answer) -> list[Met[int]]:
    """A delivery of one event."""
    return [Met([1], (Exchange(answer, 1.0, 0.1),), alone=True)]


def row(faults: DestinationFaults, answers: Sequence[Answer], now: float = NOW) -> list[bool]:
    """Whether each of these deliveries completes the picture."""
    found = (faults.found(PIXEL, alone(one), taken_at=0.0, now=now) for one in answers)
    return [one is not None for one in found]


def test_events_refused_one_by_one_speak_of_the_destination_after_some() -> None:
    """And after a person has looked they are counted anew."""
    faults = DestinationFaults()
    assert row(faults, [NO] * ALIKE) == [False] * (ALIKE - 1) + [True]
    assert row(faults, [NO] * (ALIKE - 1)) == [False] * (ALIKE - 1)


@pytest.mark.parametrize("other", [OK, Answer(Verdict.REJECTED, code=40000, message="other")])
def test_another_answer_ends_the_row(other: Answer) -> None:
    """The API judges events."""
    assert not any(row(DestinationFaults(), [*[NO] * (ALIKE - 1), other, *[NO] * (ALIKE - 1)]))


def test_a_destination_that_accepts_some_is_never_blamed() -> None:
    """However many are refused between them."""
    faults = DestinationFaults()
    assert not any(row(faults, [OK, *[NO] * 100]))
    assert any(row(faults, [NO], NOW + MIXED_S + 1))


def test_what_another_worker_has_seen_accepted_counts_too() -> None:
    """It stands in Redis while there is a backlog."""
    faults = DestinationFaults()
    found = [faults.found(PIXEL, alone(NO), taken_at=NOW - 5, now=NOW) for _ in range(100)]
    assert found == [None] * 100


def test_other_verdicts_are_no_refusals() -> None:
    """A throttled or failing API has judged nobody."""
    answers = [Answer(Verdict.THROTTLED, code=40100), Answer(Verdict.TRANSIENT, code=50002)]
    assert not any(row(DestinationFaults(), answers * 20))


def test_the_fault_is_told_in_the_apis_words() -> None:
    """With the code, for the alarm and the audit."""
    faults = DestinationFaults()
    row(faults, [NO] * (ALIKE - 1))
    fault = faults.found(PIXEL, alone(NO), taken_at=0.0, now=NOW)
    assert fault is not None
    assert (fault.verdict, fault.code) == (Verdict.CONFIGURATION, 40002)
    assert NO.message in fault.message
