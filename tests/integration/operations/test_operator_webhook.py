"""What happens is told to the operators' webhook: in order, signed, until it is answered."""

from __future__ import annotations

import base64
import hmac
import time
from collections.abc import Callable
from hashlib import sha256
from typing import Any, Final

import orjson
import pytest
from redis import Redis
from structlog.testing import capture_logs

from tests.builders.letters import bury
from tests.builders.nowhere import nowhere
from tests.builders.parked import park_by_answer
from tests.builders.stores import installation_keys, keys, store_of
from tests.integration.conftest import RawServer
from tiktok_events import Client
from tiktok_events.event.destination import Destination
from worker.attempts.verdict import Answer, Verdict
from worker.delivery.attempt_log import parked_notice
from worker.letters.filter import LetterFilter
from worker.operations.alerts.judge import Alert, Alerts, Figure
from worker.operations.operator_webhook import GIVE_UP_S, GIVEN_UP, is_time_to_tell, tell
from worker.outbox.parking import Parking
from worker.replays.orders import Replays
from worker.replays.state import ReplayRequest
from worker.reporting.announcements import Announcements
from worker.reporting.operator_events import Kind, OperatorEvents
from worker.settings import Settings

KEY: Final = b"0123456789abcdef01234567"
SECRET: Final = "whsec_" + base64.b64encode(KEY).decode()
HIDDEN: Final = "hunter2"
WEB: Final = "web:C0TOLD"
REFUSED: Final = "web:C0REFUSED"

Told = Callable[[str], list[dict[str, Any]]]


def answer(status: str = "204 No Content") -> bytes:
    """How a webhook answers."""
    return f"HTTP/1.1 {status}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n".encode()


def settings(url: str) -> Settings:
    """Of a worker that tells this address."""
    return Settings.load({}, webhook=f"{url}/{HIDDEN}", webhook_secret=SECRET)


def run(redis: Redis, url: str) -> list[dict[str, Any]]:
    """Tell what there is; what is logged meanwhile."""
    with capture_logs() as logs:
        tell(store_of(redis), settings(url), lambda: True)
    assert HIDDEN not in str(logs)
    return [dict(line) for line in logs]


def bodies(hook: RawServer) -> list[dict[str, Any]]:
    """What was told."""
    return [orjson.loads(request.partition(b"\r\n\r\n")[2]) for request in hook.requests]


def happen(redis: Redis, redis_url: str) -> None:
    """One of everything that is told."""
    store = store_of(redis)
    Parking(store).park(WEB, "a rest", who="jo")
    Parking(store).resume(WEB, who="jo")
    with Client(redis_url, event_source_id="C0REFUSED", linger_ms=0) as client:
        client.track({"event": "Lead"})
    refused = Destination.from_key(REFUSED)
    no = Answer(Verdict.CREDENTIAL, 40105, "token of jo@example.com", "request", 200)
    outbox, settled = park_by_answer(redis, refused.key, parked_notice(refused, no))
    outbox.told(settled)
    Parking(store).resume_for({refused.key: Parking(store).parked()[refused.key]}, "token changed")
    (incident,) = Alerts(store).judge([Figure(Alert.DEAD_PER_MINUTE, 12, 10)])
    Announcements(store).done(incident.announcement)
    bury(redis)
    replays = Replays(store)
    replays.cancel(replays.ask(ReplayRequest(wanted=LetterFilter(), asked_at=1.0, asked_by="jo")))
    OperatorEvents(store).note(Kind.PURGE_ANNOUNCED, {"events": 1_500})


def test_everything_that_happens_is_told_in_its_order(
    redis: Redis, redis_url: str, serve: Any
) -> None:
    """Each with its type, its time, a sentence and its facts; nothing personal."""
    happen(redis, redis_url)
    hook = serve(answer())
    assert run(redis, hook.url) == []
    found = bodies(hook)
    assert [(one["type"], one["text"].removeprefix("tiktok-events: ")) for one in found] == [
        (
            "destination.parked",
            f"{WEB} is parked (a rest): tiktok-events destinations resume {WEB}",
        ),
        ("destination.resumed", f"{WEB} goes on"),
        (
            "destination.parked",
            f"{REFUSED} is parked (token of [e-mail]): tiktok-events destinations resume {REFUSED}",
        ),
        ("destination.token_changed", f"{REFUSED} has another access token"),
        ("destination.resumed", f"{REFUSED} goes on"),
        ("alert.begun", "12 events died in a minute (threshold 10)"),
        ("replay.ended", "replay 1 has ended: cancelled"),
        (
            "dead_letters.purge_announced",
            "1,500 dead letters will be purged within a day: they are too old",
        ),
    ]
    assert found[1]["data"] == {"destination": WEB, "who": "jo"}
    assert [one["timestamp"] for one in found] == sorted(one["timestamp"] for one in found)
    assert not is_time_to_tell(store_of(redis))


def test_a_receiver_can_prove_who_calls_and_when(redis: Redis, serve: Any) -> None:
    """As Standard Webhooks has it: over id, time and body."""
    Parking(store_of(redis)).park(WEB)
    hook = serve(answer())
    run(redis, hook.url)
    (headers,), (request,) = hook.headers, hook.requests
    body = request.partition(b"\r\n\r\n")[2]
    signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
    expected = base64.b64encode(hmac.new(KEY, signed, sha256).digest()).decode()
    assert headers["webhook-signature"] == f"v1,{expected}"
    assert abs(int(headers["webhook-timestamp"]) - time.time()) < 60
    assert headers["content-type"] == "application/json"


@pytest.mark.parametrize("status", ["302 Found", "404 Not Found", "500 Oops"])
def test_what_is_not_taken_is_told_again_under_its_id(
    redis: Redis, serve: Any, status: str
) -> None:
    """After a pause; what is behind it waits for its turn."""
    Parking(store_of(redis)).park(WEB)
    Parking(store_of(redis)).resume(WEB)
    hook = serve(answer(status))
    (line,) = run(redis, hook.url)
    code = int(status[:3])
    assert (line["event"], line["http_status"], line["delay_ms"]) == ("webhook_failed", code, 2_000)
    assert not is_time_to_tell(store_of(redis))  # it pauses
    assert run(redis, hook.url)[0]["delay_ms"] == 4_000
    better = serve(answer())
    assert run(redis, better.url) == []
    assert [one["type"] for one in bodies(better)] == ["destination.parked", "destination.resumed"]
    assert len({one["webhook-id"] for one in (*hook.headers, better.headers[0])}) == 1


def test_a_webhook_that_is_away_loses_nothing(redis: Redis) -> None:
    """The line names the error, never the address."""
    Parking(store_of(redis)).park(WEB)
    (line,) = run(redis, nowhere().replace("redis", "http").removesuffix("/0"))
    assert (line["event"], line["error"]) == ("webhook_failed", "ConnectionError")
    assert OperatorEvents(store_of(redis)).count() == 1


def test_after_a_day_it_is_given_up_and_counted(redis: Redis, serve: Any) -> None:
    """What is younger is told."""
    old_ms = round((time.time() - GIVE_UP_S - 1) * 1000)
    fields: dict[Any, Any] = {"k": Kind.RESUMED.value, "n": b'{"destination": "web:OLD"}'}
    redis.xadd(keys.operator_events, fields, id=f"{old_ms}-0")
    Parking(store_of(redis)).park(WEB)
    hook = serve(answer())
    (line,) = run(redis, hook.url)
    assert (line["event"], line["reason"]) == ("operator_event_given_up", "destination.resumed")
    assert [one["type"] for one in bodies(hook)] == ["destination.parked"]
    assert redis.hget(keys.counters, GIVEN_UP) == b"1"


def test_an_announcement_that_is_told_twice_has_one_id(redis: Redis, serve: Any) -> None:
    """Its worker died before it could say that it had told it."""
    (incident,) = Alerts(store_of(redis)).judge([Figure(Alert.DEAD_PER_MINUTE, 12, 10)])
    for _ in range(2):
        OperatorEvents(store_of(redis)).note_announced(incident.announcement)
    hook = serve(answer())
    run(redis, hook.url)
    assert len(hook.requests) == 2
    assert len({one["webhook-id"] for one in hook.headers}) == 1


def test_junk_among_them_holds_nothing_up(redis: Redis, serve: Any) -> None:
    """What is not as we write it goes, or is told by its kind alone."""
    junk: list[dict[Any, Any]] = [
        {"k": "rubbish", "n": "{}"},
        {"k": "replay.ended", "n": "rubbish"},
        {"x": "y"},
        {"k": "replay.ended", "n": "{}"},
    ]
    for fields in junk:
        redis.xadd(installation_keys.operator_events, fields)
    hook = serve(answer())
    assert run(redis, hook.url) == []
    assert [one["text"] for one in bodies(hook)] == ["tiktok-events: replay.ended"]


def test_nothing_is_told_by_two(redis: Redis) -> None:
    """Who asks first tells, until the lease of a worker that died has ended."""
    assert not is_time_to_tell(store_of(redis))
    Parking(store_of(redis)).park(WEB)
    assert [is_time_to_tell(store_of(redis)) for _ in range(2)] == [True, False]
