"""Check the top level of a body for what the Events API 2.0 refuses, as far as that is known.

Source: see `tiktok_events_sandbox.checks`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from tiktok_events_sandbox.checks import PARAMETER_ERROR, Refusal

if TYPE_CHECKING:
    from collections.abc import Mapping

MAX_EVENTS: Final = 1000
BATCH_SIZE: Final = 40061
SOURCES: Final = frozenset({"web", "app", "offline", "crm"})


def check_envelope(payload: object) -> Refusal | None:
    """Check the top level of a body: the source, its id and the number of events."""
    if type(payload) is not dict:
        return _invalid("body", "not a valid object")
    return (
        _check_source(payload.get("event_source"))
        or _check_optional_string(payload, "test_event_code")
        or _check_source_id(payload.get("event_source_id"))
        or _check_size(payload.get("data"))
    )


def _check_source(source: object) -> Refusal | None:
    if isinstance(source, str) and source in SOURCES:
        return None
    # The service's own text omits crm, which was documented later.
    return Refusal(PARAMETER_ERROR, "Invalid value for event_source: must be web, app or offline.")


def _check_source_id(source_id: object) -> Refusal | None:
    if isinstance(source_id, str) and source_id:
        return None
    return _invalid("event_source_id", "not a valid string")


def _check_optional_string(payload: Mapping[str, object], key: str) -> Refusal | None:
    if isinstance(payload.get(key, ""), str):
        return None
    return _invalid(key, "not a valid string")


def _check_size(events: object) -> Refusal | None:
    if type(events) is not list:
        return _invalid("data", "not a valid list")
    if not events:
        return _invalid("data", "shorter than minimum length 1")
    if len(events) > MAX_EVENTS:
        return Refusal(BATCH_SIZE, f"Invalid batch size: at most {MAX_EVENTS} events a request.")
    return None


def _invalid(path: str, reason: str) -> Refusal:
    return Refusal(PARAMETER_ERROR, f"Invalid value for {path}: {reason}.")
