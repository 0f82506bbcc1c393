"""The usual design: one Celery task and one request per event.

Written as a careful developer writes it the first time: the schema is made once, late
acknowledgement, a time-out, a retry with back-off on errors, success read from the body.
With ``NAIVE_SESSION=1`` each worker process keeps one `requests.Session`, otherwise each event
opens its own connection.
"""

from __future__ import annotations

import os
import re
import uuid
from functools import cache
from hashlib import sha256
from typing import TYPE_CHECKING, Any

import phonenumbers
import requests
from celery import Celery
from plain_schema import PlainEvent

from worker.sample_people import SAMPLE_REGION

if TYPE_CHECKING:
    from collections.abc import Callable

PATH = "/open_api/v1.3/event/track/"
DIGEST = re.compile(r"[A-Fa-f0-9]{64}")
TOP_LEVEL = ("event_source", "event_source_id", "test_event_code")
TIMEOUT_S = (3.05, 10)

app = Celery("naive", broker=os.environ["NAIVE_BROKER_URL"])
app.conf.update(task_ignore_result=True, task_acks_late=True)
schema = PlainEvent()


class RefusedError(Exception):
    """The API did not say ``code: 0``."""


def phone(text: str) -> str:
    """Return the number in E.164."""
    number = phonenumbers.parse(text, SAMPLE_REGION)
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


NORMALISE: dict[str, Callable[[str], str]] = {
    "email": lambda text: text.strip().lower(),
    "phone": phone,
    "external_id": str.strip,
    "first_name": lambda text: re.sub(r"[^\w ]", "", text.lower()),
    "last_name": lambda text: re.sub(r"[^\w ]", "", text.lower()),
    "zip_code": lambda text: re.sub(r"[\s-]", "", text.lower()),
}


def digest(key: str, text: str) -> str:
    """Return the hash of the normalised text; what is one already passes."""
    if DIGEST.fullmatch(text):
        return text
    return sha256(NORMALISE[key](text).encode()).hexdigest()


def hashed(user: dict[str, Any]) -> dict[str, Any]:
    """Return the match keys with the personal ones hashed."""
    result = dict(user)
    for key in NORMALISE.keys() & user.keys():
        value = user[key]
        if isinstance(value, list):
            result[key] = [digest(key, text) for text in value]
        else:
            result[key] = digest(key, value)
    return result


@cache
def session() -> requests.Session:
    """Return the session of this process, made after the fork."""
    return requests.Session()


def post(body: dict[str, Any]) -> None:
    """Send one request.

    Raises:
        RefusedError: the API refused it.
        requests.RequestException: it gave no answer.
    """
    sender = session() if os.environ.get("NAIVE_SESSION") else requests
    answer = sender.post(
        os.environ["NAIVE_API_URL"] + PATH,
        json=body,
        headers={"Access-Token": os.environ["NAIVE_ACCESS_TOKEN"]},
        timeout=TIMEOUT_S,
    )
    if answer.json()["code"] != 0:
        raise RefusedError


@app.task(
    name="naive.send",
    autoretry_for=(requests.RequestException, RefusedError),
    retry_backoff=True,
    max_retries=5,
)
def send(event: dict[str, Any]) -> None:
    """Hash, validate and send one event."""
    event.setdefault("event_id", str(uuid.uuid4()))
    event = schema.load({**event, "user": hashed(event.get("user", {}))})
    body = {key: event.pop(key) for key in TOP_LEVEL if key in event}
    if "ip" in event["user"]:
        event["user"]["ip"] = str(event["user"]["ip"])
    post({**body, "data": [event]})
