"""pytt-events-api inside a Celery task: one message and one request per event.

The library validates, hashes and reads the answer's code by itself; it has the older web endpoint
only, opens a connection for each call, and has no time-out. It cannot carry a match key that is
hashed already, nor an IPv6 address: those are left out.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import requests
from celery import Celery
from pytt_events.auth import TikTokAuth
from pytt_events.event import Event
from pytt_events.tiktok_events_api import TikTokEventsApi

from bench.designs.plain.api import API_URL, MAX_RETRIES, REDIS_URL, TOKEN, one_by_one
from bench.designs.plain.match_keys import DIGEST, phone

app = Celery("pytt_events_api_worker", broker=REDIS_URL)
app.conf.update(task_ignore_result=True, task_acks_late=True)

api = TikTokEventsApi()
api.ROOT = f"{API_URL}/open_api/"


def plain(value: Any) -> str | None:
    """Return the first value that is not hashed."""
    values = value if isinstance(value, list) else [value]
    return next((text for text in values if text and not DIGEST.fullmatch(text)), None)


def present(fields: dict[str, Any]) -> dict[str, Any]:
    """Return what has a value."""
    return {key: value for key, value in fields.items() if value}


def context(event: dict[str, Any]) -> dict[str, Any]:
    """Return who and where, in the words of the older endpoint."""
    user = event["user"]
    email, number = plain(user.get("email")), plain(user.get("phone"))
    person = {
        "email": email and email.strip(),
        "phone_number": number and phone(number),
        "external_id": plain(user.get("external_id")),
        "ttp": user.get("ttp"),
    }
    ip = user.get("ip", "")
    return present(
        {
            "user": present(person),
            "user_agent": user.get("user_agent"),
            "ip": "" if ":" in ip else ip,
            "page": event.get("page"),
            "ad": present({"callback": user.get("ttclid")}),
        }
    )


@app.task(
    name="pytt.send",
    autoretry_for=(requests.RequestException,),
    retry_backoff=True,
    max_retries=MAX_RETRIES,
)
def send(event: dict[str, Any]) -> None:
    """Let the library validate, hash and send one event."""
    pixel = event["event_source_id"]
    model = Event(
        pixel_code=pixel,
        event=event["event"],
        event_id=event["event_id"],
        timestamp=datetime.fromtimestamp(event["event_time"], UTC),
        context=context(event),
        properties=event.get("properties"),
    )
    api.post_event(model, TikTokAuth(TIKTOK_ACCESS_TOKEN=TOKEN, TIKTOK_PIXEL_ID=pixel))


enqueue = one_by_one(send.delay)
