"""The Events API 2.0 as a function from a request to its refusal, or nothing.

Source: the endpoint, headers and codes stand in
github.com/tiktok/gtm-template-eapi (template.js) and
github.com/tiktok/tiktok-business-api-sdk (tiktok_code.py); the literal texts in
github.com/rudderlabs/rudder-transformer and github.com/airbytehq/airbyte (their
tests); return codes: business-api.tiktok.com/portal/docs?id=1737172488964097.
All read 2026-11-22.
"""

from __future__ import annotations

import secrets
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

import orjson

from tiktok_events_sandbox.checks import (
    PARAMETER_ERROR,
    Options,
    Refusal,
    check_events,
)
from tiktok_events_sandbox.envelope import check_envelope
from tiktok_events_sandbox.exchange import JSON, Reply

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from tiktok_events_sandbox.exchange import Head

    # Access token -> the source ids it may report for; None for all of them.
    Tokens = Mapping[str, Collection[str] | None]

PATH: Final = "/open_api/v1.3/event/track/"

MESSAGES: Final[Mapping[int, str]] = {
    0: "OK",
    20001: "Partial success.",
    40000: "Invalid parameters.",
    40001: "No permission.",
    40002: "Parameter error.",
    40061: "Invalid batch size.",
    40062: "PII not hashed.",
    40100: "Too many requests. Please retry in some time.",
    40102: "Access token has expired.",
    40104: "Access token is empty.",
    40105: "Access token is incorrect or has been revoked.",
    40400: "Route not found.",
    50000: "System error.",
    50002: "Internal service timed out. Please retry in sometime.",
    60001: "System is under maintenance.",
}


LENGTH_REQUIRED: Final = Refusal(40000, "Content-Length is missing.", http_status=411)


@dataclass(frozen=True, slots=True)
class Call:
    """One request to the API, as far as it can be parsed.

    Attributes:
        payload: the parsed body, ``None`` when it is no JSON.
        source: the event source, empty when missing or not a string.
        source_id: the event source id; empty when missing or not a string.
        test_code: the test event code; empty when missing or not a string.
        events: the value of ``data`` when it is a list, else empty.
        nulls: whether the body may hold a ``null``.
    """

    head: Head
    payload: Any = field(default=None, repr=False)
    source: str = ""
    source_id: str = ""
    test_code: str = ""
    events: list[Any] = field(default_factory=list, repr=False)
    nulls: bool = False

    @property
    def destination(self) -> str:
        """Return ``source:id`` or ``source:id:test_code``; empty if there is no telling."""
        if not (self.source and self.source_id):
            return ""
        return ":".join(filter(None, (self.source, self.source_id, self.test_code)))


def read_call(head: Head, body: bytes) -> Call:
    """Parse a body; this never raises, and leaves empty what cannot be read."""
    try:
        payload = orjson.loads(body)
    except orjson.JSONDecodeError:
        return Call(head)
    if not isinstance(payload, dict):
        return Call(head, payload)
    events = payload.get("data")
    return Call(
        head,
        payload,
        source=_text(payload, "event_source"),
        source_id=_text(payload, "event_source_id"),
        test_code=_text(payload, "test_event_code"),
        events=events if isinstance(events, list) else [],
        nulls=b"null" in body,
    )


def decide(call: Call, tokens: Tokens | None, options: Options) -> Refusal | None:
    """Return why the request is refused, or ``None`` when all its events are accepted.

    Args:
        call: the request as it came.
        tokens: the tokens that exist; ``None`` accepts any token for any source id.
        options: how the events are checked.
    """
    return (
        _check_route(call.head)
        or _check_token(call.head.token, tokens)
        or _check_content_type(call.head)
        or check_envelope(call.payload)
        or _check_permission(call, tokens)
        or check_events(call.source, call.events, options, nulls=call.nulls)
    )


def reply_to(refusal: Refusal | None, now: float) -> Reply:
    """Return the API's answer for a decision; ``now`` is Unix seconds."""
    if refusal is None:
        return Reply(body=envelope(0, MESSAGES[0], now))
    return Reply(refusal.http_status, envelope(refusal.code, refusal.message, now))


def envelope(code: int, message: str, now: float) -> bytes:
    """Return the JSON of an answer."""
    content = {"code": code, "message": message, "request_id": request_id(now), "data": {}}
    return orjson.dumps(content)


def request_id(now: float) -> str:
    """Return a request id: UTC ``yyyymmddHHMMSS`` and twenty hexadecimal digits."""
    return time.strftime("%Y%m%d%H%M%S", time.gmtime(now)) + secrets.token_hex(10).upper()


def refusal_of(code: int) -> Refusal:
    """Return the refusal for a code, in the service's own words if they are known."""
    return Refusal(code, MESSAGES.get(code, f"Error {code}."))


def _check_route(head: Head) -> Refusal | None:
    if head.method == "POST" and head.path == PATH:
        return None
    return Refusal(40400, MESSAGES[40400], http_status=404)


def _check_token(token: str | None, tokens: Tokens | None) -> Refusal | None:
    if not token:
        return refusal_of(40104)
    if tokens is not None and token not in tokens:
        return refusal_of(40105)
    return None


def _check_content_type(head: Head) -> Refusal | None:
    """Refuse a request without the documented content type.

    Warning: what the service answers without it is unknown.
    """
    if head.content_type.partition(";")[0].strip().lower() == JSON:
        return None
    return Refusal(PARAMETER_ERROR, "Content-Type must be application/json.")


def _check_permission(call: Call, tokens: Tokens | None) -> Refusal | None:
    allowed = tokens.get(call.head.token or "") if tokens is not None else None
    if allowed is None or call.source_id in allowed:
        return None
    return Refusal(
        40001,
        f"No permission to operate pixel code: {call.source_id}. "
        "You must be an admin or operator of this advertiser account.",
    )


def _text(payload: Mapping[str, object], key: str) -> str:
    value = payload.get(key)
    return value if isinstance(value, str) else ""
