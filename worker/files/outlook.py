"""What becomes of an event on its way: sent, mended, without some of its keys, or not at all.

It is prepared as a producer does it and checked as a worker does it; nothing is sent.
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
"""What a producer reads itself; put back as it was given, the check tells how it is read."""


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
    """What becomes of one place of an event, and why. No text of it holds a value of the event.

    Attributes:
        path: where, dotted; empty for the whole event.
        outcome: what becomes of it.
        reason: as a sentence.
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
    """Return what becomes of each place that does not simply go out as it is.

    Args:
        event: as a producer would be given it.
        region: where national phone numbers are at home.
        strict: whether the worker's setting of that name is on.
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
    body.pop(REMARKS, None)  # for the worker, which takes it off
    checked = check_event(body, prepared.destination.event_source, strict=strict)
    return (
        *([] if "event_time" in given else [NO_TIME]),
        *(_explained(error, FieldOutcome.NOT_SENT) for error in checked.errors),
        *(_explained(warning, _OUTCOMES[warning.kind]) for warning in checked.warnings),
    )


def _explained(finding: Finding, outcome: FieldOutcome) -> FieldExplanation:
    reason = _SENTENCES[outcome].format(finding.message)
    return FieldExplanation(finding.path, outcome, reason if reason.endswith("?") else f"{reason}.")
