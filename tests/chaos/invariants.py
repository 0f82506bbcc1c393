"""What must hold after every scenario, whatever was broken.

Each invariant looks at the evidence and says in sentences what does not hold. Sentences
name counts, never the ids.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from tests.chaos.scenarios import Scenario
from tests.chaos.stage import Exit
from tiktok_events_sandbox import Report
from worker.letters.dead_letters import Reason
from worker.operations.status import Figures
from worker.outbox.receipt import End

ENDS_WITHIN_S: Final = 10.0
"""What an orchestrator gives a process between SIGTERM and SIGKILL."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """What was found when nothing waited any more and all workers had ended.

    Attributes:
        scenario: which one.
        accepted: ids whose call of `track` had returned.
        refused: ids whose call had raised; they may have been appended all the same.
        arrived: every acceptance by the sandbox, repeats included, in order.
        dead: event id → reason of its dead letter.
        figures: what Redis counted.
        report: what the sandbox counted.
        exits: of the workers.
        recovery_s: from the end of the disturbance until all that was accepted before
            had ended.
        gone: ids that the server lost.
        receipts_missing: more events had ended than there are receipts; below 0, fewer.
        traced: event id → what the last receipt of it says, of all that have one.
        at_risk: ids that replication may not have carried when its primary was killed.
        vanished: workers that ended by themselves.
        lines: what the workers logged.
        figures_off: counter → its value and the sum over the hours, where these differ.
        pause_s: the longest time between two calls of `track` that returned.
    """

    scenario: Scenario
    accepted: frozenset[str] = field(repr=False)
    refused: frozenset[str] = field(repr=False)
    arrived: Sequence[Mapping[str, Any]] = field(repr=False)
    dead: Mapping[str, Reason] = field(repr=False)
    figures: Figures
    report: Report
    exits: Sequence[Exit]
    recovery_s: float
    gone: frozenset[str] = field(default=frozenset(), repr=False)
    receipts_missing: int = 0
    traced: Mapping[str, End] = field(default_factory=dict, repr=False)
    at_risk: frozenset[str] = field(default=frozenset(), repr=False)
    vanished: int = 0
    pause_s: float = 0.0
    lines: Sequence[Mapping[str, Any]] = field(default=(), repr=False)
    figures_off: Mapping[str, tuple[int, int]] = field(default_factory=dict)

    @property
    def delivered(self) -> frozenset[str]:
        """Ids that the sandbox accepted and that are no dead letters."""
        return frozenset(event["event_id"] for event in self.arrived) - self.dead.keys()

    @property
    def lost(self) -> frozenset[str]:
        """Ids that were accepted, that the server was to keep, and that are nowhere."""
        return self.accepted - self.delivered - self.dead.keys() - self.gone

    @property
    def appended_twice(self) -> int:
        """Events whose `track` was repeated by the client when the server died in the call."""
        known = self.accepted | self.delivered | self.dead.keys()
        return max(0, self.figures.count("accepted") - len(known))


Invariant = Callable[[Evidence], Iterator[str]]


def nothing_is_lost(evidence: Evidence) -> Iterator[str]:
    """Every accepted event was accepted by the API, or is a dead letter; or died with a primary."""
    if lost := evidence.lost - evidence.at_risk:
        yield f"{len(lost)} accepted events are lost"


def nothing_comes_from_nowhere(evidence: Evidence) -> Iterator[str]:
    """Only what was handed over arrives."""
    strange = evidence.delivered - evidence.accepted - evidence.refused
    if strange:
        yield f"{len(strange)} events arrived that were never handed over"


def nothing_is_wrongly_delivered(evidence: Evidence) -> Iterator[str]:
    """As many were counted delivered as the API accepted, and did not refuse later."""
    counted = evidence.figures.count("delivered") - evidence.appended_twice
    if counted > len(evidence.delivered):
        yield f"{counted} were counted delivered, the API accepted {len(evidence.delivered)}"


def a_repeat_is_the_event_it_was(evidence: Evidence) -> Iterator[str]:
    """The same id comes with the same time, and the same everything else."""
    first: dict[str, Mapping[str, Any]] = {}
    changed = [e for e in evidence.arrived if first.setdefault(e["event_id"], e) != e]
    if changed:
        yield f"{len(changed)} repeats differ from the event they repeat"


def a_repeat_counts_once(evidence: Evidence) -> Iterator[str]:
    """The API, by its own rule, counts as many conversions as there are ids."""
    ids = len({event["event_id"] for event in evidence.arrived})
    if evidence.report.distinct != ids:
        yield f"the API counts {evidence.report.distinct} conversions of {ids} events"


def nothing_is_repeated_without_need(evidence: Evidence) -> Iterator[str]:
    """Only an attempt whose end was not seen is repeated."""
    if evidence.report.repeated and not evidence.scenario.may_repeat:
        yield f"{evidence.report.repeated} events were repeated though every answer was clear"


def track_does_not_fail(evidence: Evidence) -> Iterator[str]:
    """Only a server that is down makes `track` raise."""
    if evidence.refused and not evidence.scenario.may_refuse:
        yield f"track() raised for {len(evidence.refused)} events though the server was up"


def the_right_events_die(evidence: Evidence) -> Iterator[str]:
    """All marked events are dead letters, for their reason; nothing else is."""
    marked = evidence.scenario.marked
    entered = evidence.accepted | evidence.delivered | evidence.dead.keys()
    guilty = {one for one in entered if marked is not None and one.startswith(marked.prefix)}
    if evidence.dead != dict.fromkeys(guilty, evidence.scenario.reason):
        reasons = ", ".join(sorted(set(evidence.dead.values())))
        yield f"{len(evidence.dead)} died ({reasons}), {len(guilty)} should have"


def the_account_closes(evidence: Evidence) -> Iterator[str]:
    """Accepted and replayed = waiting + delivered + buried, and nothing waits any more."""
    figures = evidence.figures
    if figures.waiting or figures.unaccounted or figures.dead_unaccounted:
        yield (
            f"{figures.waiting} wait, {figures.unaccounted} events and "
            f"{figures.dead_unaccounted} dead letters are unaccounted for"
        )


def each_end_has_its_receipt(evidence: Evidence) -> Iterator[str]:
    """Receipts and those that were cut or erased = delivered + dead."""
    if evidence.receipts_missing:
        yield f"{evidence.receipts_missing} receipts are missing"


def the_hours_add_up(evidence: Evidence) -> Iterator[str]:
    """The sums over the hours, with what is not folded yet, are the counters."""
    for name, (counter, hours) in evidence.figures_off.items():
        yield f"the counter {name} is {counter}, the hours have {hours}"


def receipts_say_what_the_api_says(evidence: Evidence) -> Iterator[str]:
    """Of every event that was accepted: it was delivered, or why it died; but for lost data."""
    if evidence.gone:
        return
    kept = evidence.accepted - evidence.at_risk
    said: dict[str, End] = dict.fromkeys(kept & evidence.delivered, End.DELIVERED)
    said |= {one: End[evidence.dead[one].name] for one in kept & evidence.dead.keys()}
    if wrong := [one for one, end in said.items() if evidence.traced.get(one) is not end]:
        yield f"the receipts of {len(wrong)} events say something else than the API"


def a_zombie_settles_nothing(evidence: Evidence) -> Iterator[str]:
    """A worker that slept through its lease was told that its claims are another's."""
    if evidence.scenario.loses_claims and not evidence.figures.count("claims_lost"):
        yield "no claim was lost: the sleeper held none, or settled another's"


def workers_end_when_told(evidence: Evidence) -> Iterator[str]:
    """SIGTERM ends a worker with status 0, in the time that an orchestrator gives it."""
    for one in evidence.exits:
        if one.status or one.took_s > ENDS_WITHIN_S:
            yield f"a worker ended with status {one.status} after {one.took_s:.1f} s"


def no_worker_ends_by_itself(evidence: Evidence) -> Iterator[str]:
    """Whatever befalls the server, a worker outlives it."""
    if evidence.vanished:
        yield f"{evidence.vanished} workers ended though nobody told them to"


def an_outage_is_said_once(evidence: Evidence) -> Iterator[str]:
    """By each process that meets it, and its end once; somebody meets it."""
    if not evidence.scenario.is_outage:
        return
    away, back = (
        Counter(line["pid"] for line in evidence.lines if line["event"] == event)
        for event in ("redis_unavailable", "redis_is_back")
    )
    if set(away.values()) != {1} or not back or not back <= away:
        yield f"processes said {[*away.values()]} times that Redis is away, {[*back.values()]} back"


INVARIANTS: Final[Sequence[Invariant]] = (
    nothing_is_lost,
    nothing_comes_from_nowhere,
    nothing_is_wrongly_delivered,
    a_repeat_is_the_event_it_was,
    a_repeat_counts_once,
    nothing_is_repeated_without_need,
    track_does_not_fail,
    the_right_events_die,
    the_account_closes,
    each_end_has_its_receipt,
    receipts_say_what_the_api_says,
    the_hours_add_up,
    a_zombie_settles_nothing,
    workers_end_when_told,
    no_worker_ends_by_itself,
    an_outage_is_said_once,
)


def broken(evidence: Evidence) -> list[str]:
    """What does not hold."""
    return [sentence for invariant in INVARIANTS for sentence in invariant(evidence)]
