"""An incident is told in the log, and in a sentence."""

from __future__ import annotations

from typing import Any

import pytest
from structlog.testing import capture_logs

from worker.operations.alerts.announcement import announce, sentence
from worker.operations.alerts.judge import Alert, Figure, Incident, Phase

DEAD = Figure(Alert.DEAD_PER_MINUTE, 12.0, 10)
BEGUN = Incident(DEAD, Phase.BEGUN, 1_700_000_000.0, 12.0)
OVER = Incident(Figure(Alert.DEAD_PER_MINUTE, 1.0, 10), Phase.OVER, 1_700_000_000.0, 30.0)


def told(incident: Incident) -> list[dict[str, Any]]:
    """What is logged when an incident is announced."""
    with capture_logs() as logs:
        announce(incident)
    return [dict(line) for line in logs]


def test_a_beginning_is_an_error_in_the_log() -> None:
    """One line, with figure and threshold."""
    assert told(BEGUN) == [
        {
            "event": "alert",
            "log_level": "error",
            "alert": "dead_per_minute",
            "value": 12.0,
            "threshold": 10,
            "currency": None,
            "message": "12 events died in a minute (threshold 10)",
            "duration_ms": None,
        }
    ]


def test_an_end_tells_how_long_and_how_bad_it_was() -> None:
    """It is no error any more."""
    (line,) = told(OVER)
    assert (line["event"], line["log_level"]) == ("alert_over", "info")
    assert line["message"] == "over: 30 events died in a minute (threshold 10) at worst"
    assert line["duration_ms"] > 0


@pytest.mark.parametrize(
    ("figure", "expected"),
    [
        (
            Figure(Alert.OLDEST_WAITING_S, 7_261.4, 3_600),
            "the oldest event has waited for 7,261 s (threshold 3,600 s)",
        ),
        (
            Figure(Alert.EXPIRING_VALUE, 1_234_567.5, 1_000_000, "EUR"),
            "dead letters worth 1,234,567.50 EUR are about to expire (threshold 1,000,000 EUR)",
        ),
    ],
)
def test_every_alert_has_a_sentence(figure: Figure, expected: str) -> None:
    """For people, with units."""
    assert sentence(Incident(figure, Phase.BEGUN, 0.0, figure.value)) == expected
