"""Alerts: when a figure passes its threshold, an incident begins; for all workers once.

figures    what is measured, and the thresholds of the settings
judge      one script decides for each what it means; it forgets nothing between workers
announce   the change, if there is one, is told: `worker.operations.alerts.announcement`

An incident is over when its figure has stayed below 80 % of the threshold for a minute, so
that one that swings around it is one incident.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from typing import Any, Final, Self, cast

import orjson

from tiktok_events.outbox.lua_script import Call, LuaScript
from tiktok_events.outbox.store import Store
from worker.reporting.stored import text_of

EVERY_MS: Final = 5_000
"""Milliseconds between two looks at the figures, of all workers together."""

REST: Final = 20
"""Nobody looks for so many times as long as a look took, which leaves time for work."""

CALM_SHARE: Final = 0.8
CALM_S: Final = 60.0


class Alert(StrEnum):
    """A figure that can be watched."""

    DEAD_PER_MINUTE = "dead_per_minute"
    OLDEST_WAITING_S = "oldest_waiting_s"
    EXPIRING_VALUE = "expiring_value"
    VALUE_AT_RISK = "value_at_risk"
    SILENT_MINUTES = "silent_minutes"
    REFUSED_PERCENT = "refused_percent"
    COVERAGE_POINTS = "coverage_points"


class Phase(StrEnum):
    """The phase of an incident."""

    NONE = ""
    BEGUN = "begun"
    ON = "on"
    OVER = "over"


@dataclass(frozen=True, slots=True)
class Figure:
    """A measured figure and its threshold.

    Attributes:
        alert: the alert that the figure belongs to.
        value: the value, in the unit of the alert's name.
        threshold: the value from which on it is an incident.
        currency: ISO 4217 code of the value; each currency has its own incident.
        about: where it was measured, for people, if it is the worst of several places.
    """

    alert: Alert
    value: float
    threshold: float
    currency: str | None = None
    about: str | None = None

    @property
    def key(self) -> str:
        """The name of its incident: `dead_per_minute`, `expiring_value:EUR`."""
        return self.alert.value if self.currency is None else f"{self.alert}:{self.currency}"


@dataclass(frozen=True, slots=True)
class Incident:
    """What a figure means now.

    Attributes:
        figure: the figure as it was measured.
        phase: the phase of the incident.
        since: when it began, Unix seconds on the server's clock.
        peak: its largest figure so far.
        announcement: the announcement of a change, kept until people have been told.
    """

    figure: Figure
    phase: Phase
    since: float
    peak: float
    announcement: bytes = field(default=b"", compare=False, repr=False)

    @classmethod
    def read(cls, document: Mapping[str, Any]) -> Self:
        """Read an announced incident that its worker could not tell."""
        figure = document["figure"]
        return cls(
            Figure(**{**figure, "alert": Alert(figure["alert"])}),
            Phase(document["phase"]),
            document["since"] / 1000,
            float(document["peak"]),
        )

    @property
    def changed(self) -> bool:
        """Whether it has just begun or ended: the caller that gets True announces it."""
        return self.phase in {Phase.BEGUN, Phase.OVER}


def is_time_to_look(store: Store) -> bool:
    """Return whether the caller is to look at the figures: one worker at a time is."""
    return bool(store.redis.set(store.shards.installation.alerting, 1, px=EVERY_MS, nx=True))


def rest_after_look(store: Store, took_s: float) -> None:
    """Let nobody look for a while, which is longer the longer the look took."""
    store.redis.set(
        store.shards.installation.alerting, 1, px=max(EVERY_MS, round(took_s * REST * 1000))
    )


def open_incidents(store: Store) -> dict[str, int]:
    """Return how many incidents of each alert are open; 0 for alerts without one."""
    found = cast("list[bytes]", store.redis.hkeys(store.shards.installation.alerts))
    names = [text_of(name).partition(":")[0] for name in found]
    return {alert.value: names.count(alert.value) for alert in Alert}


class Alerts:
    """Judges the figures for all workers.

    Args:
        store: the outbox.
        calm_s: how many seconds a figure must stay low until its incident is over.
    """

    def __init__(self, store: Store, *, calm_s: float = CALM_S) -> None:
        self._store = store
        self._calm_ms = round(calm_s * 1000)
        self._script = LuaScript(store.redis, "worker", "announcements", "alert")

    def judge(self, figures: Iterable[Figure]) -> list[Incident]:
        """Return what each figure means; each change is returned to only one of all callers.

        Raises:
            redis.RedisError: the server did not answer, or refused.
        """
        asked = list(figures)
        replies = self._script.many([self._call(one) for one in asked])
        return [_incident(one, reply) for one, reply in zip(asked, replies, strict=True)]

    def open(self, alert: Alert) -> list[str]:
        """Return the currencies that have an incident of this alert."""
        found = cast("list[bytes]", self._store.redis.hkeys(self._store.shards.installation.alerts))
        names = (text_of(name).partition(":") for name in found)
        return sorted(currency for kind, _, currency in names if kind == alert)

    def _call(self, figure: Figure) -> Call:
        keys = self._store.shards.installation
        calm_below = figure.threshold * CALM_SHARE
        args = [figure.key, figure.value, figure.threshold, calm_below, self._calm_ms]
        return [keys.alerts, keys.announcements], [*args, orjson.dumps(asdict(figure))]


def _incident(figure: Figure, reply: list[Any]) -> Incident:
    phase, since, peak, *announcement = reply
    return Incident(figure, Phase(phase.decode()), int(since) / 1000, float(peak), *announcement)
