"""Turn an event as application code gives it into the bytes that stand in the outbox."""

from __future__ import annotations

import math
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, Final
from uuid import UUID

import orjson

from tiktok_events.errors import EventTooLarge, InvalidEvent
from tiktok_events.event.closed_user import closed_user, is_limit
from tiktok_events.event.destination import (
    DESTINATION_FIELDS,
    LARGEST_ID,
    Destination,
    destination_of,
    is_blank,
)
from tiktok_events.event.foreign_event import taken_apart
from tiktok_events.event.identity import counted_name, new_event_id
from tiktok_events.event.json_bytes import EXACT_FLOAT, MAPPING, TOO_DEEP, to_json
from tiktok_events.event.key_names import USER_KEYS
from tiktok_events.event.match_keys import prepare_user
from tiktok_events.event.plain_event import holds_more, is_plain, plain_brackets
from tiktok_events.event.policy import KEEP, PolicyRule, decide
from tiktok_events.event.remarks import REMARKS, Reason, Remark, Remarks, noted, say
from tiktok_events.event.stray_addresses import (
    may_hide_address,
    may_hold_address,
    strip_people_of,
    without_addresses,
)
from tiktok_events.event.times import AHEAD, MOST_AHEAD_S, read_time
from tiktok_events.event.url_parameters import strip_page

_TIMES: Final = (str, int, float, Decimal, datetime)
NO_TIME: Final = "must be Unix seconds, or a date with its time zone"


@dataclass(slots=True)
class PreparedEvent:
    """An event that may be appended: identified, hashed, encoded, within the size limit.

    It is not frozen, because that would quadruple the cost of making it; nothing changes it.

    Attributes:
        destination: the destination it is for.
        event_id: the id it keeps through every retry and replay.
        body: UTF-8 JSON of the event without its destination; empty when it is withheld.
        name: the event's name, as figures count it.
        context: the span that handed it over, as W3C's `traceparent`; mostly empty.
    """

    destination: Destination
    event_id: str
    body: bytes
    name: str = ""
    context: str = ""

    @property
    def withheld(self) -> bool:
        """Return whether the policy withholds the event: it must not leave the process."""
        return not self.body


@dataclass(frozen=True, slots=True)
class EventPreparer:
    """Turns events into outbox bytes, by the settings of a producer.

    Attributes:
        default_ids: event source → id, for events that name no ``event_source_id``.
        default_region: ISO 3166 code for national phone numbers.
        max_bytes: size limit of one event's JSON.
        policy: what may be shared of an event.
        strip: names of URL parameters that may not be shared, in lower case.
        user_keys: keys of ``user`` that TikTok does not know and that may pass.
    """

    default_ids: Mapping[str, str]
    default_region: str | None
    max_bytes: int
    policy: PolicyRule = KEEP
    strip: frozenset[str] = frozenset()
    user_keys: frozenset[str] = frozenset()

    def prepare(
        self, event: Any, *, event_id: str | None = None, policy: PolicyRule | None = None
    ) -> PreparedEvent:
        """Identify, hash and encode one event; the caller's dict is not changed.

        Args:
            event: the event in the API's 2.0 vocabulary, its destination beside it.
            event_id: used when the event has none; by default a new time-ordered UUID. A whole
                number or a UUID is allowed, as in the event.
            policy: replaces the producer's policy.

        Raises:
            InvalidEvent: not a dict, the body of a whole request, no destination, an event
                name or id that holds an e-mail address or phone number, a number JSON
                cannot carry, something JSON cannot express, nested too deeply.
            EventTooLarge: over ``max_bytes``.
        """
        if not isinstance(event, MAPPING):
            raise InvalidEvent(f"an event must be a dict, not {type(event).__name__}")
        remarks: Remarks = []
        brackets = plain_brackets(event)
        known = event if brackets else _taken_apart(event, remarks)
        destination = destination_of(known, self.default_ids)
        id_ = _event_id(known.get("event_id"), event_id)
        rule = self.policy if policy is None else policy
        chosen = KEEP if rule is KEEP else decide(rule, event)
        if chosen.use == "drop":
            return PreparedEvent(destination, id_, b"")
        if chosen is not KEEP:
            known = chosen.applied_to(self._with_closed_user(known, remarks))
            brackets = brackets and plain_brackets(known)
        body = self._body(known, id_, brackets, remarks)
        return PreparedEvent(destination, id_, body, counted_name(known.get("event")))

    def closed(self, event: Mapping[str, Any]) -> dict[str, Any]:
        """Return another producer's stored event as `prepare` would have stored it.

        Args:
            event: an event without its destination; it is not changed.

        Raises:
            InvalidEvent: as `prepare` does.
        """
        remarks: Remarks = []
        body = dict(event) if is_plain(event) else _taken_apart(event, remarks)
        for field in DESTINATION_FIELDS:
            body.pop(field, None)
        for field in ("event_time", "event_id"):
            if isinstance(body.get(field), dict | list):
                del body[field]
        self._prepare_match_keys(body, remarks)
        self._strip_urls(body, remarks)
        body = without_addresses(body, remarks)
        if remarks:
            body[REMARKS] = noted(remarks, body.get(REMARKS))
        return body

    def _with_closed_user(self, event: Mapping[str, Any], remarks: Remarks) -> Mapping[str, Any]:
        """Rename match keys before the policy applies, which knows them by TikTok's names."""
        user = event.get("user")
        if not isinstance(user, MAPPING) or USER_KEYS.issuperset(user):
            return event
        return {**event, "user": closed_user(user, self.user_keys, remarks)}

    def _body(
        self, event: Mapping[str, Any], event_id: str, brackets: int, remarks: Remarks
    ) -> bytes:
        """Return the event's JSON; ``brackets`` is the result of `plain_brackets`."""
        body = event.copy() if type(event) is dict else {key: event[key] for key in event}
        for field in DESTINATION_FIELDS:
            if field in body:
                del body[field]
        body["event_id"] = event_id
        body["event_time"] = _event_time(body.get("event_time"))
        self._prepare_match_keys(body, remarks)
        if "page" in body:
            self._strip_urls(body, remarks)
        encoded = _encoded(body, remarks) if remarks else to_json(body)
        if brackets and holds_more(encoded, body.get("user"), brackets + (REMARKS in body)):
            return self._body(_taken_apart(event, remarks), event_id, 0, remarks)
        if may_hold_address(encoded) or may_hide_address(body.get("properties")):
            # Read back from JSON, where enumerations and other mappings have become plain values.
            encoded = _encoded(without_addresses(orjson.loads(encoded), remarks), remarks)
        if len(encoded) > self.max_bytes:
            raise EventTooLarge(f"{len(encoded):,} bytes of JSON; at most {self.max_bytes:,}")
        if remarks:
            say(remarks)
        return encoded

    def _prepare_match_keys(self, body: dict[str, Any], remarks: Remarks) -> None:
        user = body.get("user")
        if not isinstance(user, MAPPING):
            user = _object_of_user(user, remarks)
        if user is None:
            body.pop("user", None)
            return
        if "lead_id" in user:
            user = _with_lead(user, body, remarks)
        body["user"] = prepare_user(
            user, self.default_region, passing=self.user_keys, remarks=remarks
        )
        if remarks and any(is_limit(key, value) for key, value in user.items()):
            body["limited_data_use"] = True

    def _strip_urls(self, body: dict[str, Any], remarks: Remarks) -> None:
        page = body.get("page")
        if isinstance(page, MAPPING):
            named = strip_page(page, self.strip) if self.strip else page
            body["page"] = strip_people_of(named, remarks)


def _encoded(body: dict[str, Any], remarks: Remarks) -> bytes:
    if remarks:
        body[REMARKS] = noted(remarks, body.get(REMARKS))
    return to_json(body)


def _taken_apart(event: Mapping[str, Any], remarks: Remarks) -> dict[str, Any]:
    try:
        return taken_apart(event, remarks)
    except RecursionError:
        raise InvalidEvent(TOO_DEEP) from None


def _with_lead(user: Mapping[str, Any], body: dict[str, Any], remarks: Remarks) -> dict[str, Any]:
    """Move a lead id, which some connectors put into ``user``, to ``lead``; return the user."""
    kept = dict(user)
    lead_id = kept.pop("lead_id")
    if lead_id not in (None, "") and not body.get("lead"):
        body["lead"] = {"lead_id": lead_id}
        remarks.append(Remark.read_as("user.lead_id", "lead.lead_id"))
    return kept


def _object_of_user(user: object, remarks: Remarks) -> Any:
    """Return the only object of an array; drop an empty array, which is PHP's empty object."""
    if user is None:
        return None
    if user in ("", [], ()):
        remarks.append(Remark.left_out("user", "user", Reason.NOTHING))
        return None
    if isinstance(user, list | tuple) and len(user) == 1 and isinstance(user[0], MAPPING):
        remarks.append(Remark.read_as("user.0", "user"))
        return user[0]
    raise InvalidEvent(f"must be a dict, not {type(user).__name__}", path="user")


def _event_id(given: object, otherwise: object) -> str:
    """Return the first id that is not blank, or a new one."""
    if type(given) is str and (read := given.strip()):  # the usual case
        return read
    for candidate in (given, otherwise):
        if not is_blank(candidate):
            return given_event_id(candidate)
    return new_event_id()


def given_event_id(given: object) -> str:
    """Return an event id as a string without outer blanks: the API refuses a JSON number.

    Raises:
        InvalidEvent: it is blank, or neither a string, a whole number nor a UUID.
    """
    if isinstance(given, str):
        if read := given.strip():
            return read
        raise InvalidEvent("must not be empty", path="event_id")
    if isinstance(given, UUID) or _is_whole(given):
        return str(given)
    if isinstance(given, float) and given.is_integer() and abs(given) < EXACT_FLOAT:
        return str(int(given))
    raise InvalidEvent(f"must be a string, not {type(given).__name__}", path="event_id")


def _is_whole(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and abs(value) < LARGEST_ID


def _event_time(given: object) -> object:
    """Return Unix seconds; what is no time at all is left for the worker's full report.

    Raises:
        InvalidEvent: it has no time zone, or lies in the future.
    """
    now = time.time()
    if given is None or given == "":
        return int(now)
    if type(given) is int and given <= now:  # the usual case: no finer unit could be meant
        return given
    if not isinstance(given, _TIMES):
        raise InvalidEvent(NO_TIME, path="event_time")
    seconds = _seconds(given)
    if isinstance(seconds, int) and seconds > now + MOST_AHEAD_S:
        raise InvalidEvent(AHEAD, path="event_time")
    return seconds


def _seconds(given: object) -> object:
    if isinstance(given, datetime):
        if given.tzinfo is None:
            raise InvalidEvent("a datetime needs a time zone", path="event_time")
        return int(given.timestamp())
    if found := read_time(given):
        return found.seconds
    return int(given) if isinstance(given, float) and math.isfinite(given) else given
