"""What an answer of the Events API means: the only file that knows its codes.

TikTok answers most errors inside an HTTP 200, so an integer `code` in the body decides;
the HTTP status only where there is none, and where it contradicts `code` 0: an answer that is
a success and a failure at once is neither. The message decides in one case only, because the
same code comes with different texts and the same text for different causes: a 40002 that names
a field of the request beside its events blames none of them.

Source: numbers and meanings from github.com/tiktok/tiktok-business-api-sdk
`python_sdk/business_api_client/tiktok_business/tiktok_code.py`; the classes follow from
what RudderStack, Airbyte and Singer do with them (read 2026-11-22; 404 and 40050
2026-11-30).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from http import HTTPStatus
from typing import Any, Final

import orjson


class Verdict(StrEnum):
    """What an attempt's answer means for the events it carried."""

    DELIVERED = "delivered"
    THROTTLED = "throttled"
    TRANSIENT = "transient"
    AMBIGUOUS = "ambiguous"
    REJECTED = "rejected"
    CREDENTIAL = "credential"
    CONFIGURATION = "configuration"
    UNCLEAR = "unclear"

    @property
    def leads_to(self) -> Consequences:
        """What follows from this verdict."""
        return CONSEQUENCES[self]


@dataclass(frozen=True, slots=True, kw_only=True)
class Consequences:
    """What follows from a verdict, for the events of the request and for their destination.

    For the events that the request carried:

    Attributes:
        doubtful: the events may have been accepted without our knowing.
        spends: it counts as an attempt.
        isolates: one event may be to blame for the refusal of all, so the batch is searched.
        kills: an event that meets the verdict alone is dead.
        wears_out: an event that meets the verdict alone is dead after some such deliveries.
        accuses: the verdict speaks against the events if the API accepts others meanwhile.

        healthy: of the destination: the API judges events.
        backs_off: of the destination: its next request waits, longer after each in a row.
        parks: of the destination: its events wait for a person, or for another token.
        reported: Sentry is told; once for each parking, where it parks.
    """

    doubtful: bool = False
    spends: bool = False
    isolates: bool = False
    kills: bool = False
    wears_out: bool = False
    accuses: bool = False
    healthy: bool = False
    backs_off: bool = False
    parks: bool = False
    reported: bool = False


CONSEQUENCES: Final[Mapping[Verdict, Consequences]] = {
    Verdict.DELIVERED: Consequences(healthy=True),
    Verdict.THROTTLED: Consequences(backs_off=True),
    Verdict.TRANSIENT: Consequences(spends=True, accuses=True, backs_off=True),
    Verdict.AMBIGUOUS: Consequences(doubtful=True, spends=True, accuses=True, backs_off=True),
    Verdict.REJECTED: Consequences(spends=True, isolates=True, kills=True, healthy=True),
    Verdict.UNCLEAR: Consequences(
        doubtful=True, spends=True, isolates=True, wears_out=True, backs_off=True, reported=True
    ),
    Verdict.CREDENTIAL: Consequences(parks=True, reported=True),
    Verdict.CONFIGURATION: Consequences(parks=True, reported=True),
}
"""The only table of what a verdict leads to: every other module asks `Verdict.leads_to`."""


@dataclass(frozen=True, slots=True)
class Answer:
    """The answer to one attempt.

    Attributes:
        verdict: what it means.
        code: the integer `code` of the body, if there was one.
        message: the API's message, or what went wrong; it may quote values, so redact it before
            use.
        request_id: what TikTok support asks for.
        http_status: ``None`` when no answer came.
        retry_after_s: the server's advice, a floor for the back-off.
        data: `data` of an answer that is no success, for the operator.
    """

    verdict: Verdict
    code: int | None = None
    message: str = ""
    request_id: str | None = None
    http_status: int | None = None
    retry_after_s: float | None = None
    data: Any = None


THROTTLING_CODES: Final = frozenset({40100, 40132, 40133, 61000})
CREDENTIAL_CODES: Final = frozenset(
    {40001, 40003, *range(40101, 40111), *range(40112, 40120), 40124, 40125, 40130, 40131}
    | {40300, 40301, 40302, 40309, 41000}
)
CONFIGURATION_CODES: Final = frozenset(
    {40006, 40007, 40009, 40010, 40051, 40063, 40400, 40900, 41001, 41002, 70001}
)
TRANSIENT_CODES: Final = frozenset({40200, 40201, 40202, 40700})
AMBIGUOUS_CODES: Final = frozenset({40050})
""""Duplicated request": an earlier request may have been accepted, and no event is to blame."""

PARAMETER_CODE: Final = 40002
BATCH_SIZE_CODE: Final = 40061
FIRST_ERROR_CODE: Final = 40000
FIRST_SERVER_CODE: Final = 50000

SUCCESS: Final = 2
"""The first digit of the HTTP statuses that are successes."""

RETRY_AFTER_CAP_S: Final = 3600.0
"""A longer `Retry-After` is taken for a mistake, because events age while they wait."""

REQUEST_ID_CHARACTERS: Final = 128
"""How many characters of a request id are kept; real ones have 34."""


def verdict_of_code(code: int) -> Verdict:
    """Return the verdict for a body's `code`; the range decides for unknown codes."""
    if code == 0:
        return Verdict.DELIVERED
    for codes, verdict in (
        (THROTTLING_CODES, Verdict.THROTTLED),
        (CREDENTIAL_CODES, Verdict.CREDENTIAL),
        (CONFIGURATION_CODES, Verdict.CONFIGURATION),
        (TRANSIENT_CODES, Verdict.TRANSIENT),
        (AMBIGUOUS_CODES, Verdict.AMBIGUOUS),
    ):
        if code in codes:
            return verdict
    if code >= FIRST_SERVER_CODE:
        return Verdict.TRANSIENT
    # 20001 (partial success) and all undocumented codes are no success.
    return Verdict.REJECTED if code >= FIRST_ERROR_CODE else Verdict.UNCLEAR


def verdict_of_status(status: int) -> Verdict:
    """Return the verdict for an HTTP status whose body has no integer `code`."""
    if status == HTTPStatus.TOO_MANY_REQUESTS:
        return Verdict.THROTTLED
    if status in {HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN}:
        return Verdict.CREDENTIAL
    if status == HTTPStatus.NOT_FOUND:
        return Verdict.CONFIGURATION  # a wrong path or gateway, like code 40400
    if status in {HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.TOO_EARLY}:
        return Verdict.TRANSIENT
    # A 2xx without the API's envelope: something else answered, or the answer was cut.
    return _BY_HUNDRED.get(status // 100, Verdict.AMBIGUOUS)


_BY_HUNDRED: Final = {3: Verdict.CONFIGURATION, 4: Verdict.REJECTED, 5: Verdict.TRANSIENT}


def refused_for_size(answer: Answer) -> bool:
    """Return whether a batch was refused for its size, for which no event is to blame."""
    return answer.code == BATCH_SIZE_CODE or (
        answer.code is None and answer.http_status == HTTPStatus.REQUEST_ENTITY_TOO_LARGE
    )


def judge(status: int, headers: Mapping[str, str], body: bytes) -> Answer:
    """Return what an HTTP answer means."""
    envelope = _envelope(body)
    code = envelope.get("code")
    if type(code) is not int:
        verdict, code, message = verdict_of_status(status), None, f"HTTP {status} without a code"
    else:
        message = _text(envelope.get("message")) or ""
        verdict = _verdict_of_envelope(status, code, message)
    return Answer(
        verdict,
        code=code,
        message=message,
        request_id=(_text(envelope.get("request_id")) or "")[:REQUEST_ID_CHARACTERS] or None,
        http_status=status,
        retry_after_s=_retry_after(headers),
        data=None if verdict is Verdict.DELIVERED else envelope.get("data"),
    )


def _verdict_of_envelope(status: int, code: int, message: str) -> Verdict:
    if code == PARAMETER_CODE and _DESTINATION_FAULT.match(message):
        return Verdict.CONFIGURATION
    verdict = verdict_of_code(code)
    if verdict is Verdict.DELIVERED and status // 100 != SUCCESS:
        return Verdict.AMBIGUOUS
    return verdict


# What stands beside the events in a request is the destination's. Source: a pixel code with
# event_source "offline" answers every request so, github.com/stape-io/tiktok-tag issue 33
# (read 2026-11-30).
_DESTINATION_FAULT: Final = re.compile(r"Invalid value for event_source(_id)?\b")


def _envelope(body: bytes) -> dict[str, Any]:
    try:
        envelope = orjson.loads(body)
    except orjson.JSONDecodeError:
        return {}
    return envelope if isinstance(envelope, dict) else {}


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None


def _retry_after(headers: Mapping[str, str]) -> float | None:
    """Return the seconds of a `Retry-After`; its date form, never sent by the API, is ignored."""
    try:
        advice = float(headers.get("Retry-After", ""))
    except ValueError:
        return None
    return min(advice, RETRY_AFTER_CAP_S) if advice > 0 else None
