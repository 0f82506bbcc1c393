"""A test event: handed over as a shop would, then followed until the API has answered."""

from __future__ import annotations

import secrets
import time

from starlette.responses import Response

from tiktok_events import Client
from tiktok_events.errors import InvalidEvent, OutboxUnavailable
from tiktok_events.types import AnyEvent
from worker.reporting.audit_entry import Action
from worker.serving.console.query import BadQuery
from worker.serving.console.visit import Visit


def send(visit: Visit) -> Response:
    """Hand a purchase over that counts nowhere; what becomes of it is the next page."""
    if not visit.given("code"):
        raise BadQuery("The code of Test events is missing; Events Manager shows it. Nothing sent.")
    event_id = f"test-{secrets.token_hex(6)}"
    try:
        _hand_over(visit, event_id)
    except (InvalidEvent, OutboxUnavailable) as error:
        raise BadQuery(f"It was not accepted: {error}") from error
    visit.desk.audit.record(
        Action.SEND, who=visit.who, filter=f"test event {event_id}", count=1, result="accepted"
    )
    return visit.see(f"/trace?q={event_id}&follow=1")


def _hand_over(visit: Visit, event_id: str) -> None:
    settings, event = visit.desk.settings, _purchase(event_id, visit.given("code"))
    with Client(
        settings.redis_url,
        namespace=settings.namespace,
        event_source_id=visit.given("pixel") or None,
        on_failure="raise",
    ) as client:
        client.track(event)


def _purchase(event_id: str, code: str) -> AnyEvent:
    return {
        "event": "Purchase",
        "event_id": event_id,
        "event_time": int(time.time()),
        "test_event_code": code,
        "user": {"ip": "203.0.113.7", "user_agent": "tiktok-events console"},
        "page": {"url": "https://shop.example/thanks"},
        "properties": {"value": 1, "currency": "EUR"},
    }
