"""Whatever a delivery meets, each event ends once and remembers every answer that it met."""

from __future__ import annotations

import itertools
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from random import Random
from typing import Any, cast

import orjson
from hypothesis import given
from hypothesis import strategies as st
from structlog.testing import capture_logs

from tiktok_events.event.destination import Destination
from worker.attempts.history import KEPT, History
from worker.attempts.verdict import CONSEQUENCES, Answer, Verdict
from worker.delivery.deliver import Batch, Delivery
from worker.delivery.destinations import Account, Destinations
from worker.delivery.ending import UNCLEAR_DELIVERIES
from worker.delivery.events_api import EventsApi, Exchange
from worker.delivery.prepare import Outgoing
from worker.outbox.claim import ClaimedBlock
from worker.outbox.claimed_block import OpenBlock
from worker.outbox.outbox import Outbox
from worker.outbox.server_clock import ServerClock
from worker.outbox.settlement import Settled, Settlement
from worker.settings import Settings

PIXEL = Destination("web", "C0PIXEL")
SETTINGS = Settings(redis_url="redis://127.0.0.1:1/0", access_token="token")
ACCOUNT: Account = Destinations(SETTINGS).account(PIXEL)
FOR_EVER = 1e12

CODES = {Verdict.DELIVERED: 0, Verdict.REJECTED: 40002, Verdict.UNCLEAR: 20001}
DOUBTFUL = {Verdict.AMBIGUOUS, Verdict.UNCLEAR}
UNSPENT = {Verdict.THROTTLED, Verdict.CREDENTIAL, Verdict.CONFIGURATION, Verdict.DELIVERED}
"""Written out once more: the model does not ask the table that it holds to account."""

ANSWERS = st.sampled_from([*Verdict, Verdict.UNCLEAR, Verdict.REJECTED, Verdict.REJECTED])


@dataclass
class World:
    """An API that answers as it is told, an outbox in memory, and what each event met.

    Attributes:
        script: answers, in order; when they are used up, everything is accepted.
        last: number of the request after which the claim has no time for another.
        met: event id → what the requests that carried it were answered, and when.
        waiting: claimed in the next round.
        ended: event id → its dead letter, or ``None`` when it was delivered.
    """

    script: Iterator[Verdict]
    last: int = 1_000_000
    met: defaultdict[str, list[tuple[float, Verdict]]] = field(
        default_factory=lambda: defaultdict(list)
    )
    waiting: list[ClaimedBlock] = field(default_factory=list)
    ended: dict[str, dict[str, Any] | None] = field(default_factory=dict)
    requests: int = 0
    open: list[OpenBlock] = field(default_factory=list)
    numbers: Iterator[int] = field(default_factory=lambda: itertools.count(1))
    clock: ServerClock = field(default_factory=ServerClock)

    def block(self, events: list[Any], history: bytes = b"", claims: int = 1) -> None:
        """Let events wait as one block."""
        id_ = f"1000-{next(self.numbers)}"
        payload = orjson.dumps(events)
        self.waiting.append(ClaimedBlock(id_, claims, len(events), payload, history))

    def send(self, body: bytes, _access_token: str) -> Exchange:
        """In place of `EventsApi`."""
        self.requests += 1
        verdict = next(self.script, Verdict.DELIVERED)
        for event in orjson.loads(body)["data"]:
            self.met[event["event_id"]].append((float(self.requests), verdict))
        if self.requests >= self.last:
            for block in self.open:
                block.lease_ends = 0.0
        answer = Answer(verdict, code=CODES.get(verdict), message=f"answer {self.requests}")
        return Exchange(answer, float(self.requests), 0.1)

    def settle(self, settlement: Settlement) -> Settled:
        """In place of `Outbox`: what is left waits again, and what has ended is noted."""
        blocks = {block.claimed.id: block for block in self.open}
        for id_, _, _ in settlement.done:
            self.ended |= dict.fromkeys(ids(blocks[id_].events))
        for id_, _, attempts, _ in settlement.again:
            block = blocks[id_]
            history = block.claimed.attempts if attempts is None else attempts.encode()
            self.block(block.events, history)
        for mixed in settlement.mixed:
            open_ids = set(ids(blocks[mixed.id].events))
            for dead in mixed.dead:
                letter = orjson.loads(dead.record.stored.partition("\n")[2])
                self.ended[letter["event_id"]] = letter
                open_ids.remove(letter["event_id"])
            for part in mixed.left:
                events = orjson.loads(part.payload)
                open_ids -= set(ids(events))
                self.block(events, part.attempts.encode())
            assert len(open_ids) == mixed.delivered
            self.ended |= dict.fromkeys(open_ids)
        return Settled(lost=0)

    def told(self, settled: Settled) -> None:
        """In place of `Outbox`: nothing here has to be announced."""

    def deliver(self, size: int = 1_000) -> None:
        """Claim everything, and send it in batches; suspects travel alone, as in the worker."""
        with capture_logs():
            self._deliver(size)

    def _deliver(self, size: int) -> None:
        claimed, self.waiting = self.waiting, []
        self.open = [OpenBlock.of(one, lease_ends=FOR_EVER) for one in claimed]
        delivery = Delivery(cast("EventsApi", self), cast("Outbox", self), SETTINGS, Random(1))
        carried: list[Outgoing] = []
        for block in self.open:
            events = list(outgoing(block))
            if block.history.suspect:
                delivery.deliver(Batch(PIXEL, ACCOUNT, 0, events))
            else:
                carried += events
        for first in range(0, len(carried), size):
            delivery.deliver(Batch(PIXEL, ACCOUNT, 0, carried[first : first + size]))

    def history_of(self, event_id: str) -> History:
        """Of an event that waits."""
        (block,) = [one for one in self.waiting if event_id in ids(orjson.loads(one.payload))]
        return History.read(block.attempts, block.accepted_at)


def ids(events: list[Any]) -> list[str]:
    """Of events."""
    return [event["event_id"] for event in events]


def outgoing(block: OpenBlock) -> Iterator[Outgoing]:
    """Events as they come from preparation."""
    for index, event in enumerate(block.events):
        yield Outgoing(block, index, orjson.dumps(event), FOR_EVER)


def world(script: list[Verdict], *blocks: int, last: int = 1_000_000) -> World:
    """Blocks of so many events wait for an API with this script."""
    one = World(iter(script), last)
    numbers = itertools.count()
    for size in blocks:
        one.block([{"event_id": f"e{next(numbers)}"} for _ in range(size)])
    return one


def remembered(one: World, event_id: str) -> tuple[int, float | None, list[str]]:
    """What is known of an event that waits or is dead: attempts, since when in doubt, log."""
    letter = one.ended.get(event_id)
    if letter is not None:
        log = [entry["verdict"] for entry in letter["log"]]
        return letter["attempts"], letter["ambiguous_since"], log
    history = one.history_of(event_id)
    return history.attempts, history.ambiguous_since, [entry["verdict"] for entry in history.log]


def expected(met: list[tuple[float, Verdict]]) -> tuple[int, float | None, list[str]]:
    """The model: every answer is remembered, and the first that may have accepted begins doubt."""
    verdicts = [verdict.value for _, verdict in met]
    log = verdicts if len(verdicts) <= 2 * KEPT else verdicts[:KEPT] + verdicts[-KEPT:]
    doubts = (at for at, verdict in met if verdict in DOUBTFUL)
    return sum(verdict not in UNSPENT for _, verdict in met), next(doubts, None), log


# --- the promise ---------------------------------------------------------------------------


@given(
    rounds=st.lists(
        st.tuples(st.lists(ANSWERS, max_size=8), st.integers(1, 8), st.integers(1, 9)),
        min_size=1,
        max_size=6,
    ),
    blocks=st.lists(st.integers(1, 5), min_size=1, max_size=3),
)
def test_an_event_remembers_every_answer_that_it_met(
    rounds: list[tuple[list[Verdict], int, int]], blocks: list[int]
) -> None:
    """Over several deliveries, batches across blocks, searches, and claims that run out."""
    one = world([], *blocks)
    everything = {f"e{number}" for number in range(sum(blocks))}
    for script, requests, size in rounds:
        one.script, one.last = iter(script), one.requests + requests
        one.deliver(size)
        for event_id in everything - {key for key, letter in one.ended.items() if letter is None}:
            assert remembered(one, event_id) == expected(one.met[event_id])
    waiting = [event for block in one.waiting for event in ids(orjson.loads(block.payload))]
    assert sorted([*waiting, *one.ended]) == sorted(everything)
    for event_id, letter in one.ended.items():
        last = one.met[event_id][-1][1]
        assert last in ({Verdict.DELIVERED} if letter is None else {"rejected", "unclear"})


# --- the ways in which a first answer was forgotten --------------------------------------------


def test_an_unclear_answer_is_remembered_when_there_is_no_time_to_search() -> None:
    """Every event of the batch may have been accepted."""
    one = world([Verdict.UNCLEAR], 4, last=1)
    one.deliver()
    assert [remembered(one, f"e{n}") for n in range(4)] == [(1, 1.0, ["unclear"])] * 4


def test_an_unclear_answer_is_remembered_when_the_search_is_throttled() -> None:
    """By those that were sent again, and by those that were not."""
    one = world([Verdict.UNCLEAR, Verdict.THROTTLED], 2)
    one.deliver()
    assert remembered(one, "e0") == (1, 1.0, ["unclear", "throttled"])
    assert remembered(one, "e1") == (1, 1.0, ["unclear"])


def test_an_unclear_answer_is_remembered_when_each_part_is_refused() -> None:
    """The letters say that the events may have been accepted."""
    one = world([Verdict.UNCLEAR, Verdict.REJECTED, Verdict.REJECTED], 2)
    one.deliver()
    letters = [letter for letter in one.ended.values() if letter]
    assert [letter["ambiguous"] for letter in letters] == [True, True]
    assert remembered(one, "e0") == (2, 1.0, ["unclear", "rejected"])
    assert remembered(one, "e1") == (2, 1.0, ["unclear", "rejected"])


def test_events_of_one_block_keep_their_own_ends() -> None:
    """Both unclear alone, at different times: neither takes the other's history."""
    one = world([Verdict.REJECTED, Verdict.UNCLEAR, Verdict.UNCLEAR], 2)
    one.deliver()
    assert remembered(one, "e0") == (2, 2.0, ["rejected", "unclear"])
    assert remembered(one, "e1") == (2, 3.0, ["rejected", "unclear"])


def test_a_block_in_two_requests_is_in_doubt_where_it_was_doubted() -> None:
    """The half whose request was clearly refused a turn cannot have been accepted."""
    one = world([Verdict.AMBIGUOUS, Verdict.TRANSIENT], 4)
    one.deliver(size=2)
    assert remembered(one, "e1") == (1, 1.0, ["ambiguous"])
    assert remembered(one, "e2") == (1, None, ["transient"])


def test_events_without_a_clear_answer_are_given_up_after_five_deliveries() -> None:
    """The one that had no time for a search is one of them."""
    one = world([Verdict.UNCLEAR] * 100, 2, last=1)
    for _ in range(UNCLEAR_DELIVERIES):
        assert not one.ended
        one.deliver()
        one.last = 1_000_000
    letters = [letter or {} for letter in one.ended.values()]
    assert [(letter["reason"], letter["attempts"]) for letter in letters] == [("exhausted", 5)] * 2


def test_one_search_does_not_give_an_event_up() -> None:
    """It meets many unclear answers within seconds, which may be one hiccup of the API."""
    one = world([Verdict.UNCLEAR] * 1_000, 16)
    one.deliver()
    assert one.history_of("e0").unclear == 1
    assert not one.ended


def test_a_claim_that_died_is_doubted_though_the_next_one_sends_nothing() -> None:
    """Settled unsent, the block has no claims behind it that would tell."""
    one = world([])
    one.block([{"event_id": "e0"}], claims=2)
    one.open = [OpenBlock.of(claimed, lease_ends=0.0) for claimed in one.waiting]
    one.waiting = []
    settlement = Settlement(PIXEL.key, 0, ACCOUNT.token_limit)
    one.open[0].left([0])
    one.open[0].settle_into(settlement)
    one.settle(settlement)
    assert one.history_of("e0").ambiguous_since == 1.0


def test_the_model_and_the_table_name_the_same_verdicts() -> None:
    """Else the property above would hold nothing."""
    assert {v for v in Verdict if CONSEQUENCES[v].doubtful} == DOUBTFUL
    assert {v for v in Verdict if not CONSEQUENCES[v].spends} == UNSPENT
