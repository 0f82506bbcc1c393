"""Explain what becomes of an event, without printing it.

Every value that is no digest is masked, unless it is asked for: terminals are recorded, output is
pasted.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

from tiktok_events.errors import InvalidEvent
from tiktok_events.event.explanation import KeyExplanation, explain_user
from tiktok_events.event.foreign_event import taken_apart
from tiktok_events.event.json_bytes import TOO_DEEP
from tiktok_events.event.plain_event import is_plain
from tiktok_events.event.remarks import Remarks
from tiktok_events.event.stray_addresses import strip_people_of, without_addresses
from worker.files.outlook import FieldExplanation, explain_fields

if TYPE_CHECKING:
    from collections.abc import Mapping

_DIGEST: Final = re.compile(r"[A-Fa-f0-9]{64}")
_HIDDEN: Final = "•••"
_SHOWN_END_CHARS: Final = 4
_SHORTEST_WITH_END_CHARS: Final = 9

# These say nothing about one person.
_SHOWN_KEYS: Final = frozenset(("country", "locale", "att_status"))


@dataclass(frozen=True, slots=True)
class EventExplanation:
    """What becomes of one event.

    Attributes:
        number: which event of the file it is, from 1.
        event: its name; ``None`` where it has none.
        event_id: its id; ``None`` where it has none.
        keys: one entry for each value of its ``user``; empty if it has no such object.
        remark: what is wrong with ``user`` as a whole; empty where nothing is.
        fields: what is mended, left out, or keeps the event from being sent.
    """

    number: int
    event: str | None
    event_id: str | None
    keys: tuple[KeyExplanation, ...]
    remark: str = ""
    fields: tuple[FieldExplanation, ...] = ()


def explain_event(number: int, event: dict[str, Any], region: str | None) -> EventExplanation:
    """Explain one event: the keys of its ``user``, and whatever else is not sent unchanged."""
    try:
        return _explained(number, event, region)
    except RecursionError:
        return EventExplanation(number, None, None, (), f"It is not accepted: it {TOO_DEEP}.")


def _explained(number: int, event: dict[str, Any], region: str | None) -> EventExplanation:
    closing: Remarks = []
    try:
        known = event if is_plain(event) else taken_apart(event, closing)
    except InvalidEvent as error:
        return EventExplanation(number, None, None, (), f"It is not accepted: {error}.")
    user, notes = known.get("user"), _notes(known, closing)
    name, event_id = _text_or_none(event.get("event")), _text_or_none(event.get("event_id"))
    fields = explain_fields(known, region)
    if not isinstance(user, dict):
        remark = "It has no user object, so there is nothing to match it by."
        return EventExplanation(number, name, event_id, (), " ".join([remark, *notes]), fields)
    remark = "" if user else "Its user object is empty, so there is nothing to match it by."
    remark = " ".join([remark, *notes]).strip()
    keys = tuple(explain_user(user, region))
    return EventExplanation(number, name, event_id, keys, remark, fields)


def _notes(event: Mapping[str, Any], remarks: Remarks) -> list[str]:
    """Return what is done to the event outside of ``user``, as sentences."""
    page = event.get("page")
    if isinstance(page, dict):
        event = {**event, "page": strip_people_of(page, remarks)}
    try:
        without_addresses({key: value for key, value in event.items() if key != "user"}, remarks)
    except InvalidEvent as error:
        return [f"It is not accepted: {error}."]
    return [f"{remark.path}: {remark.text}" for remark in remarks]


def mask_event(explanation: EventExplanation) -> EventExplanation:
    """Return the explanation with every value masked that is not a digest."""
    return replace(explanation, keys=tuple(map(_mask_key, explanation.keys)))


def mask(key: str, text: str) -> str:
    """Return enough of ``text`` to recognise one's own test value, and no more.

    An e-mail as ``a•••@g•••.com``, a phone number as ``+1•••4253``, anything else as ``a•••``.
    """
    if key in _SHOWN_KEYS:
        return text
    if key == "phone" and len(text) >= _SHORTEST_WITH_END_CHARS:
        return f"{text[:2]}{_HIDDEN}{text[-_SHOWN_END_CHARS:]}"
    if key == "email" and "@" in text:
        return _mask_email(text)
    return f"{text[:1]}{_HIDDEN}"


def is_digest(value: Any) -> bool:
    """Return whether ``value`` is a digest of 64 hex digits, which identifies nobody by itself."""
    return isinstance(value, str) and _DIGEST.fullmatch(value) is not None


def event_as_json(explanation: EventExplanation) -> dict[str, Any]:
    """Return the explanation as a JSON object, with its values as they are."""
    return {
        "number": explanation.number,
        "event": explanation.event,
        "event_id": explanation.event_id,
        "remark": explanation.remark or None,
        "keys": [_key_as_json(key) for key in explanation.keys],
        "fields": [
            {"path": one.path, "outcome": one.outcome.value, "reason": one.reason}
            for one in explanation.fields
        ],
    }


def _text_or_none(value: Any) -> str | None:
    return value if isinstance(value, str) else None


def _mask_key(explanation: KeyExplanation) -> KeyExplanation:
    key = explanation.key
    prepared = explanation.prepared and mask(key, explanation.prepared)
    return replace(explanation, prepared=prepared, sent=_mask_sent(key, explanation.sent))


def _mask_sent(key: str, sent: Any) -> Any:
    """Return digests as they are; hide any value that is no text, as it may hold anything."""
    if sent is None or is_digest(sent):
        return sent
    return mask(key, sent) if isinstance(sent, str) else _HIDDEN


def _mask_email(text: str) -> str:
    local, _, domain = text.rpartition("@")
    host, _, ending = domain.rpartition(".")
    shown = f"{host[:1]}{_HIDDEN}.{ending}" if host else _HIDDEN
    return f"{local[:1]}{_HIDDEN}@{shown}"


def _key_as_json(explanation: KeyExplanation) -> dict[str, Any]:
    return {
        "key": explanation.key,
        "position": explanation.position,
        "outcome": explanation.outcome.value,
        "prepared": explanation.prepared,
        "sent": explanation.sent,
        "reason": explanation.reason,
    }
