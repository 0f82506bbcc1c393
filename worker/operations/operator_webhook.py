"""Tell operators what has happened: one signed POST after the other, each until it is answered.

order      one worker tells at a time, the oldest first; one that fails holds up those behind it
retries    2, 4, 8 … 600 s after a failure, for a day; then it is given up, counted and logged
signature  that of Standard Webhooks: HMAC-SHA256 over id, time and body, so that a receiver can
           refuse what is older than five minutes, and knows a repeat by its id

Source: https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
(read 2026-11-30).
"""

from __future__ import annotations

import base64
import hmac
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from hashlib import sha256
from typing import Final

import orjson
import requests
import urllib3.exceptions

from tiktok_events.outbox.store import Store
from worker.delivery.events_api import new_session
from worker.operations.operator_words import words_of
from worker.reporting.log import Log
from worker.reporting.operator_events import OperatorEvent, OperatorEvents
from worker.setting_checks import WEBHOOK_SECRET_PREFIX
from worker.settings import Settings

log = Log("tiktok_events.webhook")

TIMEOUT_S: Final = 5.0
LEASE_S: Final = 30
"""Seconds after the last call began, in which no other worker tells; after that, a worker that died
is replaced.
"""

LONGEST_PAUSE_S: Final = 600
GIVE_UP_S: Final = 86_400
GIVEN_UP: Final = "operator_events_given_up"
"""Counts those that were given up after a day."""

_FINE: Final = range(200, 300)


def is_time_to_tell(store: Store) -> bool:
    """Return whether the caller is to tell: there is something, and nobody tells or pauses."""
    if not OperatorEvents(store).count():
        return False
    telling = store.shards.installation.operator_telling
    return bool(store.redis.set(telling, 1, ex=LEASE_S, nx=True))


def tell(store: Store, settings: Settings, go_on: Callable[[], bool]) -> None:
    """Tell what there is, while `go_on` returns True; a failure ends it, with a pause.

    Raises:
        redis.RedisError: the server did not answer, or refused.
    """
    events, keys = OperatorEvents(store), store.shards.installation
    while go_on() and (event := events.oldest()) is not None:
        store.redis.set(keys.operator_telling, 1, ex=LEASE_S)
        if time.time() - event.at > GIVE_UP_S:
            _give_up(store, event)
        elif problem := post(settings, event):
            _pause(store, event, problem)
            return
        events.done(event)
        store.redis.delete(keys.operator_failures)
    store.redis.delete(keys.operator_telling)


def body_of(event: OperatorEvent) -> bytes:
    """Return the body; `text` is what chat programs show."""
    happened_at = datetime.fromtimestamp(event.at, UTC).isoformat(timespec="milliseconds")
    return orjson.dumps(
        {
            "type": event.kind.value,
            "timestamp": happened_at,
            "text": f"tiktok-events: {words_of(event)}",
            "data": event.facts,
        }
    )


def headers_of(event: OperatorEvent, body: bytes, secret: str, now: float) -> dict[str, str]:
    """Return the headers that prove who sends it, and when.

    Args:
        event: what is told.
        body: the body as it is sent.
        secret: `whsec_` followed by base64.
        now: Unix seconds.
    """
    key = base64.b64decode(secret.removeprefix(WEBHOOK_SECRET_PREFIX))
    signed = f"{event.id}.{int(now)}.".encode() + body
    signature = base64.b64encode(hmac.digest(key, signed, sha256)).decode()
    return {
        "content-type": "application/json",
        "webhook-id": event.id,
        "webhook-timestamp": str(int(now)),
        "webhook-signature": f"v1,{signature}",
    }


def post(settings: Settings, event: OperatorEvent) -> Mapping[str, object]:
    """Send one; return what went wrong as fields of a log line, or nothing."""
    url, secret = str(settings.webhook), str(settings.webhook_secret)
    body = body_of(event)
    try:
        with (
            new_session(url) as session,
            session.post(
                url,
                data=body,
                headers=headers_of(event, body, secret, time.time()),
                timeout=TIMEOUT_S,
                allow_redirects=False,
                stream=True,  # only the status is of interest
            ) as response,
        ):
            status = response.status_code
    except (requests.RequestException, urllib3.exceptions.HTTPError, OSError) as error:
        # The error's text would have the address, which is often a secret.
        return {"error": type(error).__name__}
    return {} if status in _FINE else {"http_status": status}


def _pause(store: Store, event: OperatorEvent, problem: Mapping[str, object]) -> None:
    keys = store.shards.installation
    failures = int(store.redis.incr(keys.operator_failures))
    store.redis.expire(keys.operator_failures, GIVE_UP_S)
    pause_s = min(2 ** min(failures, 10), LONGEST_PAUSE_S)
    store.redis.set(keys.operator_telling, 1, ex=pause_s)
    log.warning(
        "webhook_failed",
        reason=event.kind.value,
        failures=failures,
        delay_ms=pause_s * 1000,
        error=problem.get("error"),
        http_status=problem.get("http_status"),
    )


def _give_up(store: Store, event: OperatorEvent) -> None:
    store.redis.hincrby(store.shards.at(0).counters, GIVEN_UP, 1)
    log.error("operator_event_given_up", reason=event.kind.value)
