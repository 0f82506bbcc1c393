"""Tell what becomes of an event: sent, mended, sent without some keys, or not sent at all.

It is prepared as by a producer and checked as by a worker; nothing is sent.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

import orjson

from schemas import Finding, Kind, check_event
from tiktok_events.errors import TikTokEventsError
from tiktok_events.event.destination import EVENT_SOURCES, is_blank
from tiktok_events.event.prepare import EventPreparer
from tiktok_events.event.remarks import REMARKS
from tiktok_events.settings import ClientSettings

READ_AT_THE_CALL: Final = ("event_time", "event_id")
"""Keys that a producer reads itself; given unread to the check, they show how they are read."""


class FieldOutcome(StrEnum):
    """What becomes of one place of an event."""

    NOT_SENT = "not sent"
    LEFT_OUT = "left out"
    MENDED = "mended"
    AS_IT_IS = "as it is"


_OUTCOMES: Final = {
    Kind.OMITTED: FieldOutcome.LEFT_OUT,
    Kind.MENDED: FieldOutcome.MENDED,
    Kind.REMARK: FieldOutcome.AS_IT_IS,
}
_SENTENCES: Final = {
    FieldOutcome.NOT_SENT: "The conversion is not sent, because this {}",
    FieldOutcome.LEFT_OUT: "The conversion is sent without this, because it {}",
    FieldOutcome.MENDED: "It {}",
    FieldOutcome.AS_IT_IS: "It {}",
}


@dataclass(frozen=True, slots=True)
class FieldExplanation:
    """What becomes of one place of an event, and why. Its texts hold no value of the event.

    Attributes:
        path: dotted path; empty for the whole event.
        outcome: what becomes of it.
        reason: the reason as a sentence.
    """

    path: str
    outcome: FieldOutcome
    reason: str


NO_TIME: Final = FieldExplanation(
    "event_time",
    FieldOutcome.AS_IT_IS,
    "It is missing. track() takes the time of its call; send refuses the event unless --now is "
    "given.",
)


def explain_fields(
    event: Mapping[str, Any], region: str | None, *, strict: bool = False
) -> tuple[FieldExplanation, ...]:
    """Return what becomes of each place that is not simply sent as it is.

    Args:
        event: the event as a producer would get it.
        region: region of national phone numbers.
        strict: whether the worker's setting `STRICT` is on.
    """
    ids = dict.fromkeys(EVENT_SOURCES, "the client's default")
    preparer = EventPreparer(ids, region, ClientSettings().max_event_bytes)
    try:
        prepared = preparer.prepare(event)
    except TikTokEventsError as error:
        refused = Finding(getattr(error, "path", ""), getattr(error, "message", str(error)))
        return (_explained(refused, FieldOutcome.NOT_SENT),)
    given = {key: event[key] for key in READ_AT_THE_CALL if not is_blank(event.get(key))}
    body = orjson.loads(prepared.body) | given
    body.pop(REMARKS, None)  # for the worker, which removes it
    checked = check_event(body, prepared.destination.event_source, strict=strict)
    return (
        *([] if "event_time" in given else [NO_TIME]),
        *(_explained(error, FieldOutcome.NOT_SENT) for error in checked.errors),
        *(_explained(warning, _OUTCOMES[warning.kind]) for warning in checked.warnings),
    )


def _explained(finding: Finding, outcome: FieldOutcome) -> FieldExplanation:
    reason = _SENTENCES[outcome].format(finding.message)
    return FieldExplanation(finding.path, outcome, reason if reason.endswith("?") else f"{reason}.")
