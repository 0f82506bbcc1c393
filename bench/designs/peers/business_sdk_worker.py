"""TikTok's Business SDK for Python inside a Celery task: one message and one request per event.

The SDK has the older web endpoint only, and passes dictionaries through: hashing and validation
are done around it. It reads the answer's code, and raises an error unless it is 0.
"""

from __future__ import annotations

from datetime import UTC, datetime
from functools import cache
from typing import Any

from business_api_client import ApiClient, Configuration, EventCallbackApi
from business_api_client.tiktok_business.tiktok_exceptions import TiktokSDKError
from celery import Celery
from urllib3.exceptions import HTTPError

from bench.designs.plain.api import (
    API_URL,
    MAX_RETRIES,
    READ_TIMEOUT_S,
    REDIS_URL,
    TOKEN,
    one_by_one,
)
from bench.designs.plain.event import prepared

PERSON = {"external_id": "external_id", "email": "email", "phone": "phone_number", "ttp": "ttp"}

app = Celery("business_sdk_worker", broker=REDIS_URL)
app.conf.update(task_ignore_result=True, task_acks_late=True)


@cache
def api() -> EventCallbackApi:
    """Return the client of this process, which keeps its connections; made after the fork."""
    configuration = Configuration()
    configuration.host = API_URL
    return EventCallbackApi(ApiClient(configuration))


def first(value: Any) -> Any:
    """Return the first of several; the older endpoint takes one."""
    return value[0] if isinstance(value, list) else value


def older(event: dict[str, Any]) -> dict[str, Any]:
    """Return a prepared event in the words of the older endpoint."""
    user = event["user"]
    context: dict[str, Any] = {key: user[key] for key in ("ip", "user_agent") if key in user}
    context["user"] = {theirs: first(user[our]) for our, theirs in PERSON.items() if our in user}
    context["page"] = event.get("page", {})
    if "ttclid" in user:
        context["ad"] = {"callback": user["ttclid"]}
    return {
        "pixel_code": event["event_source_id"],
        "event": event["event"],
        "event_id": event["event_id"],
        "timestamp": datetime.fromtimestamp(event["event_time"], UTC).isoformat(),
        "context": context,
        "properties": event.get("properties", {}),
    }


@app.task(
    name="business_sdk.send",
    autoretry_for=(HTTPError, TiktokSDKError),
    retry_backoff=True,
    max_retries=MAX_RETRIES,
)
def send(event: dict[str, Any]) -> None:
    """Hash, validate and send one event."""
    body = older(prepared(event))
    api().pixel_track(TOKEN, body=body, _request_timeout=READ_TIMEOUT_S)


enqueue = one_by_one(send.delay)
