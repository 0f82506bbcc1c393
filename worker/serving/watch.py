"""Looks at the outbox again and again: who asks need not wait until ten thousand pixels are read.

What is answered was read some seconds before, in one moment, and says when.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final, Self

from redis.exceptions import RedisError

from tiktok_events.outbox.store import Store
from worker.operations.alerts.judge import open_incidents
from worker.operations.quality.summary import Quality, read_quality
from worker.operations.recent import with_recent
from worker.operations.status import Figures, read_figures
from worker.reporting.figures.totals import Totals, read_totals
from worker.reporting.operator_events import OperatorEvents
from worker.reporting.outage import REDIS_OUTAGE, REFUSED, is_outage
from worker.runtime.presence import Presence
from worker.serving.scale import Due, Scale, Scaling, due_now, load_of
from worker.settings import Settings

FRESH_S: Final = 15.0
"""An older look is not shown."""

PAUSE_S: Final = 5.0
LONGEST_PAUSE_S: Final = 10.0
"""With the look after it, so that what is shown is never older than `FRESH_S`."""

QUALITY_EVERY_S: Final = 60.0
"""Value at risk is estimated from samples of what waits, which takes longer."""

REST: Final = 10
"""Looking must leave time for answering: a pause is so many times as long as the look before."""


@dataclass(frozen=True, slots=True)
class Look:
    """What was seen in one moment.

    Attributes:
        figures: those of `tiktok-events status`.
        workers: how many were there.
        incidents: open ones by alert.
        untold: what operators' webhook is still to be told.
        scale: how many workers are wanted, by this look and those before.
        quality: coverage and value at risk, up to `QUALITY_EVERY_S` older than the rest.
        totals: what was counted of each destination since the first start.
        taken_at: when it ended, on the monotonic clock.
        took_s: how long it took.
    """

    figures: Figures
    workers: int
    incidents: dict[str, int]
    untold: int
    scale: Scale
    quality: Quality
    totals: Totals
    taken_at: float
    took_s: float

    @property
    def age_s(self) -> float:
        """How old it is, seconds."""
        return time.monotonic() - self.taken_at


class Watch:
    """Looks every few seconds, in a thread of its own.

    Args:
        store: the outbox.
        settings: for windows and retention.

    Attributes:
        then: called with each look, in the thread that looks.
    """

    def __init__(self, store: Store, settings: Settings) -> None:
        self._store = store
        self._settings = settings
        self._presence = Presence(store)
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True, name="watch")
        self._scaling = Scaling()
        self._due: Due = frozenset()
        self._last: Look | None = None
        self._quality, self._quality_at = Quality((), ()), float("-inf")
        self._started = False
        self.then: Callable[[Look], object] = lambda _: None

    @property
    def broken(self) -> bool:
        """Whether its thread has ended though nobody told it to: a bug."""
        return self._started and not self._thread.is_alive()

    def latest(self) -> Look | None:
        """The newest look; `None` when there is none of the last `FRESH_S`."""
        look = self._last
        return look if look is not None and look.age_s < FRESH_S else None

    def status(self) -> dict[str, Any] | None:
        """What `tiktok-events status --json` said then; `None` when nothing is seen."""
        look = self.latest()
        if look is None:
            return None
        try:
            quality = read_quality(self._store, self._settings, look.figures)
        except (RedisError, OSError):
            return None
        return look.figures.as_dict() | quality.as_dict()

    def look(self) -> None:
        """Look once; while Redis is away nothing is seen."""
        began = time.monotonic()
        try:
            figures = with_recent(self._store, read_figures(self._store, self._settings))
            workers, incidents = self._presence.count(), open_incidents(self._store)
            untold, totals = OperatorEvents(self._store).count(), read_totals(self._store)
            self._look_at_quality(figures)
        except (RedisError, OSError) as error:
            (REDIS_OUTAGE if is_outage(error) else REFUSED).met(error)
            return
        REDIS_OUTAGE.over()
        scale = self._scaled(figures, workers)
        ended = time.monotonic()
        self._last = Look(
            *(figures, workers, incidents, untold, scale, self._quality, totals, ended),
            took_s=ended - began,
        )

    def _look_at_quality(self, figures: Figures) -> None:
        if time.monotonic() - self._quality_at >= QUALITY_EVERY_S:
            self._quality = read_quality(self._store, self._settings, figures)
            self._quality_at = time.monotonic()

    def _scaled(self, figures: Figures, workers: int) -> Scale:
        due, before = due_now(figures), self._due
        self._due = due
        # Due in two looks: what waits for a slot of its token, or is taken at once, is seldom.
        return self._scaling.add(load_of(figures, workers, due & before))

    def _run(self) -> None:
        pause = 0.0
        while not self._ended.wait(pause):
            began = time.monotonic()
            self.look()
            if (seen := self.latest()) is not None:
                self.then(seen)
            took = time.monotonic() - began
            pause = max(min(max(PAUSE_S, REST * took), LONGEST_PAUSE_S - took), 1.0)

    def __enter__(self) -> Self:
        self._thread.start()
        self._started = True
        return self

    def __exit__(self, *_exc: object) -> None:
        self._started = False
        self._ended.set()
        self._thread.join()
