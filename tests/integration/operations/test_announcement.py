"""An incident is told in the log, to Sentry and to the webhook; never the webhook's address."""

from __future__ import annotations

import socket
from typing import Any

import orjson
import pytest
from structlog.testing import capture_logs

from tests.integration.conftest import RawServer
from worker.operations.alerts.announcement import announce, sentence
from worker.operations.alerts.judge import Alert, Figure, Incident, Phase
from worker.settings import Settings

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
MOVED = (
    b"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n"
    b"Connection: close\r\n\r\n"
)
SECRET = "hunter2"

DEAD = Figure(Alert.DEAD_PER_MINUTE, 12.0, 10)
BEGUN = Incident(DEAD, Phase.BEGUN, 1_700_000_000.0, 12.0)
OVER = Incident(Figure(Alert.DEAD_PER_MINUTE, 1.0, 10), Phase.OVER, 1_700_000_000.0, 30.0)


def settings(url: str | None = None) -> Settings:
    """Settings with a webhook, or without."""
    webhook = None if url is None else f"{url}/{SECRET}"
    return Settings.load({}, alert_dead_per_minute=10, alert_webhook=webhook)


def told(incident: Incident, url: str | None = None) -> list[dict[str, Any]]:
    """What is logged when an incident is announced."""
    with capture_logs() as logs:
        announce(incident, settings(url))
    assert SECRET not in str(logs)
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


@pytest.mark.parametrize("incident", [BEGUN, OVER])
def test_the_webhook_gets_one_post(serve: Any, incident: Incident) -> None:
    """A JSON object, whose `text` chat programs show."""
    hook = serve(OK)
    assert len(told(incident, hook.url)) == 1
    (request,) = hook.requests
    head, _, body = request.partition(b"\r\n\r\n")
    assert head.startswith(f"POST /{SECRET} HTTP/1.1".encode())
    assert hook.headers[0]["content-type"] == "application/json"
    assert orjson.loads(body) == {
        "text": f"tiktok-events: {sentence(incident)}",
        "alert": "dead_per_minute",
        "state": incident.phase.value,
        "value": incident.figure.value,
        "threshold": 10,
        "peak": incident.peak,
        "currency": None,
        "about": None,
        "since": 1_700_000_000.0,
    }


def test_a_redirect_is_not_followed(serve: Any) -> None:
    """It would carry the incident elsewhere; it is told as a failure."""
    hook = serve(MOVED)
    _, failure = told(BEGUN, hook.url)
    assert (failure["event"], failure["http_status"]) == ("alert_webhook_failed", 302)
    assert hook.connections == 1


def test_a_webhook_that_is_down_is_told_once() -> None:
    """The incident is announced all the same."""
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        lines = told(BEGUN, f"http://127.0.0.1:{closed.getsockname()[1]}")
    assert [line["event"] for line in lines] == ["alert", "alert_webhook_failed"]
    assert lines[1]["error"] == "ConnectionError"


def test_a_webhook_that_hangs_is_given_up(serve: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """A worker does not wait for it for long."""
    monkeypatch.setattr("worker.operations.alerts.announcement.WEBHOOK_TIMEOUT_S", 0.05)
    hook: RawServer = serve(lambda _connection: hook.closed.wait(20) and None)
    _, failure = told(BEGUN, hook.url)
    assert failure["error"] == "ReadTimeout"
    hook.closed.set()
