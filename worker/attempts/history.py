"""The history of earlier attempts, which travels with a block until its events have ended."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Final, Self

import orjson

from worker.attempts.verdict import Consequences, Verdict

KEPT: Final = 5
"""How many attempts are kept in full from each end of the history; those between are only counted.
"""

DEDUPLICATION_S: Final = 48 * 3600
"""TikTok counts a repeat of the same event and `event_id` as one for this long after the first.

Source: https://ads.tiktok.com/help/article/event-deduplication (read 2026-11-22).
"""


@dataclass(frozen=True, slots=True)
class Attempt:
    """One request that carried the event.

    Attributes:
        at: Unix seconds.
        verdict: what its answer meant.
        code: code in the answer's body.
        duration_ms: milliseconds until the answer.
        request_id: of the answer.
    """

    at: float
    verdict: str
    code: int | None
    duration_ms: int
    request_id: str | None

    @property
    def leads_to(self) -> Consequences:
        """What follows from its verdict."""
        return Verdict(self.verdict).leads_to

    def as_dict(self) -> dict[str, Any]:
        """Return the attempt as histories and dead letters store it."""
        return {
            "at": round(self.at, 3),
            "verdict": self.verdict,
            "code": self.code,
            "duration_ms": self.duration_ms,
            "request_id": self.request_id,
        }


@dataclass(slots=True)
class History:
    """What a block or a dead letter has met so far.

    It is not frozen, which would quadruple the cost of making it, and each block has one; nothing
    changes it.

    Attributes:
        accepted_at: when the events were first accepted, Unix seconds.
        attempts: how many attempts counted.
        ambiguous_since: when an attempt may first have been accepted without our knowing, Unix
            seconds, or an earlier time; it is never forgotten. ``None`` if no attempt may have
            been.
        outdone: attempts that failed although the API had accepted other events of the destination
            since the attempt before: a sign that these events are at fault.
        unclear: deliveries in which an answer had no known meaning.
        suspect: whether the events are suspected, and not merged with others.
        log: attempts in order: the first and the last ``KEPT``.
        replays: Unix seconds of each replay.
        edits: what operators changed of the event while it was dead; see `DeadLetter`.
        replayed: the number of the last replay, and the id that its letter had.
    """

    accepted_at: float
    attempts: int = 0
    ambiguous_since: float | None = None
    outdone: int = 0
    unclear: int = 0
    suspect: bool = False
    log: tuple[dict[str, Any], ...] = ()
    replays: tuple[float, ...] = ()
    edits: tuple[dict[str, Any], ...] = ()
    replayed: tuple[int, str] | None = None

    @classmethod
    def read(cls, document: bytes, accepted_at: float) -> Self:
        """Return the history in a JSON text; a block that was never tried has none."""
        if not document:
            return cls(accepted_at)
        known = orjson.loads(document)
        return cls(
            accepted_at=known["accepted_at"],
            attempts=known["attempts"],
            ambiguous_since=known["ambiguous_since"],
            outdone=known["outdone"],
            unclear=known["unclear"],
            suspect=known["suspect"],
            log=tuple(known["log"]),
            replays=tuple(known["replays"]),
            edits=tuple(known.get("edits", ())),
            replayed=_replayed(known.get("replayed")),
        )

    def write(self) -> str:
        """Return the history as JSON."""
        known = {
            "accepted_at": self.accepted_at,
            "attempts": self.attempts,
            "ambiguous_since": self.ambiguous_since,
            "outdone": self.outdone,
            "unclear": self.unclear,
            "suspect": self.suspect,
            "log": self.log,
            "replays": self.replays,
        }
        rare = {"edits": self.edits, "replayed": self.replayed}
        return orjson.dumps(known | {name: one for name, one in rare.items() if one}).decode()

    def after(self, *attempts: Attempt, taken_at: float = 0.0) -> History:
        """Return the history with one more delivery.

        Args:
            attempts: what the events met in this delivery, in order.
            taken_at: when the API last accepted other events of the destination, Unix seconds.
        """
        history = self
        for attempt in attempts:
            history = history._with(attempt, taken_at)
        unclear = any(attempt.leads_to.wears_out for attempt in attempts)
        return replace(history, unclear=history.unclear + unclear)

    def _with(self, attempt: Attempt, taken_at: float) -> History:
        leads_to = attempt.leads_to
        log = (*self.log, attempt.as_dict())
        if len(log) > 2 * KEPT:
            log = log[:KEPT] + log[-KEPT:]
        outdone = leads_to.accuses and bool(self.log) and float(self.log[-1]["at"]) < taken_at
        grown = replace(
            self,
            attempts=self.attempts + leads_to.spends,
            outdone=self.outdone + outdone,
            log=log,
        )
        return grown.doubted(round(attempt.at, 3)) if leads_to.doubtful else grown

    def doubted(self, since: float) -> History:
        """Return the history of an event that may have been accepted since then, Unix seconds."""
        earlier = since if self.ambiguous_since is None else min(since, self.ambiguous_since)
        return replace(self, ambiguous_since=earlier)

    @property
    def ambiguous(self) -> bool:
        """Whether an attempt may have been accepted without our knowing."""
        return self.ambiguous_since is not None

    def would_count_twice(self, now: float) -> bool:
        """Return whether TikTok may count one more attempt as another conversion."""
        since = self.ambiguous_since
        return since is not None and now > since + DEDUPLICATION_S

    def needs_a_yes(self, now: float) -> bool:
        """Return whether an attempt may count twice, and no person has replayed it knowing that."""
        answered = bool(self.replays) and self.would_count_twice(self.replays[-1])
        return self.would_count_twice(now) and not answered


def _replayed(known: Sequence[Any] | None) -> tuple[int, str] | None:
    return None if known is None else (int(known[0]), str(known[1]))
