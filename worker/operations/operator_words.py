"""Say what has happened in a sentence, which chat programs show."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from worker.operations.alerts.announcement import sentence
from worker.operations.alerts.judge import Alert, Figure, Incident, Phase
from worker.reporting.operator_events import Kind, OperatorEvent

Facts = Mapping[str, Any]


def words_of(event: OperatorEvent) -> str:
    """Return the sentence; with facts that our code did not write, only the kind is told."""
    try:
        return _WORDS[event.kind](event.facts)
    except (KeyError, TypeError, ValueError):
        return event.kind.value


def _parked(facts: Facts) -> str:
    why = facts.get("reason") or facts.get("message") or facts["verdict"]
    name = facts["destination"]
    return f"{name} is parked ({why}): tiktok-events destinations resume {name}"


def _alert(facts: Facts, phase: Phase) -> str:
    figure = Figure(
        Alert(facts["alert"]),
        facts["value"],
        facts["threshold"],
        facts.get("currency"),
        facts.get("about"),
    )
    return sentence(Incident(figure, phase, facts["since"], float(facts["peak"])))


_WORDS: Final[Mapping[Kind, Callable[[Facts], str]]] = {
    Kind.PARKED: _parked,
    Kind.RESUMED: lambda facts: f"{facts['destination']} goes on",
    Kind.TOKEN_CHANGED: lambda facts: f"{facts['destination']} has another access token",
    Kind.ALERT_BEGUN: lambda facts: _alert(facts, Phase.BEGUN),
    Kind.ALERT_OVER: lambda facts: _alert(facts, Phase.OVER),
    Kind.REPLAY_ENDED: lambda facts: f"replay {facts['replay']} has ended: {facts['state']}",
    Kind.PURGE_ANNOUNCED: lambda facts: (
        f"{facts['events']:,} dead letters will be purged within a day: they are too old"
    ),
}
